CREATE OR REPLACE FUNCTION async.pause() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The orchestrator starts nothing new until async.resume(); what runs goes on. Takes effect with the caller's
 * transaction.
 *
 * Writes async.control.
 */
#variable_conflict error
BEGIN
  UPDATE async.control SET paused = true, configuration_version = nextval('async.configuration_version');
END;
$$;
COMMENT ON FUNCTION async.pause() IS 'The orchestrator starts nothing new until async.resume(); what runs goes on';
