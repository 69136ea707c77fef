CREATE OR REPLACE PROCEDURE flow.finish(
  _args flow.callback_arguments_t,
  _failed BOOL DEFAULT false,
  _error_message TEXT DEFAULT NULL,
  _flush_transaction_when_client BOOL DEFAULT true) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Resolves a node or step that finishes asynchronously. Takes effect with the caller's transaction.
 *
 * _args: as its callback got them.
 * _failed: it failed; otherwise it finished.
 * _error_message: why it failed.
 * _flush_transaction_when_client: accepted, and does nothing, since this never commits by itself.
 * Errors, on a server: PF004 unknown task, PF005 one that has ended.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.finish(ARRAY[(_args).task_id], CASE WHEN _failed THEN 'FAILED' ELSE 'FINISHED' END, _error_message);
END;
$$;
COMMENT ON PROCEDURE flow.finish(flow.callback_arguments_t, BOOL, TEXT, BOOL) IS
  'Resolves a node or step that finishes asynchronously';
