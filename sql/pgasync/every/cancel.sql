CREATE OR REPLACE FUNCTION async.cancel(_task_ids BIGINT[], _message TEXT DEFAULT 'canceled by request')
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels tasks: what waits never runs, what runs is interrupted, unless it commits first. Takes effect with the
 * caller's transaction.
 *
 * _task_ids: the tasks; _message: reason that the views show.
 * Errors: PF004, PF005 on a server for tasks unknown or finished.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.finish(_task_ids, 'CANCELED', _message);
END;
$$;
COMMENT ON FUNCTION async.cancel(BIGINT[], TEXT) IS 'Cancels tasks that wait or run';
