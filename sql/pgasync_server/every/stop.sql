CREATE OR REPLACE FUNCTION async.stop() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends the orchestrator that runs now, once the caller commits. What its tasks are doing goes on and counts: the next
 * orchestrator finds it.
 *
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('async.stop', '{}');
END;
$$;
COMMENT ON FUNCTION async.stop() IS 'Ends the orchestrator cleanly';
