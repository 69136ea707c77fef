CREATE OR REPLACE FUNCTION async.defer(_task_ids BIGINT[], _duration INTERVAL) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts tasks back, to run again later. A task that runs is put back when it ends; what it did stays. Takes effect
 * with the caller's transaction.
 *
 * _task_ids: the tasks; _duration: how long from when the request is taken in, or from the end of a task that runs.
 * Errors: as async.finish().
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.finish(_task_ids, 'DEFERRED', NULL, _duration);
END;
$$;
COMMENT ON FUNCTION async.defer(BIGINT[], INTERVAL) IS 'Puts tasks back until later';
