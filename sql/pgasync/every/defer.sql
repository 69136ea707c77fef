CREATE OR REPLACE FUNCTION async.defer(_task_ids BIGINT[], _duration INTERVAL) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts tasks back, to run again once _duration has passed. A task that runs is put back when it ends; what it did stays.
 * Takes effect with the caller's transaction. Errors: as async.finish(). Writes async.request.
 */
BEGIN
  PERFORM async.finish(_task_ids, 'DEFERRED', NULL, _duration);
END;
$$;
COMMENT ON FUNCTION async.defer(BIGINT[], INTERVAL) IS 'Puts tasks back until later';
