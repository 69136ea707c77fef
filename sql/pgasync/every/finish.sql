CREATE OR REPLACE FUNCTION async.finish(
  _task_ids BIGINT[],
  _status async.finish_status_t DEFAULT 'FINISHED',
  _error_message TEXT DEFAULT NULL,
  _duration INTERVAL DEFAULT NULL) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Resolves tasks that wait for an outside answer; one that still runs resolves so when it ends. Takes effect with the
 * caller's transaction.
 *
 * _task_ids: the tasks; _status: how they ended; _error_message: why, for the views; _duration: how long to put off
 * when _status is DEFERRED (null: 1 s).
 * Errors: PF004, PF005 on a server for tasks unknown or finished.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('async.finish', jsonb_build_object(
    'task_ids', _task_ids, 'status', _status, 'message', _error_message, 'duration', _duration));
END;
$$;
COMMENT ON FUNCTION async.finish(BIGINT[], async.finish_status_t, TEXT, INTERVAL) IS
  'Resolves tasks that wait for an outside answer';
