CREATE OR REPLACE FUNCTION async.resume() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends async.pause(). Takes effect with the caller's transaction.
 *
 * Writes async.control.
 */
#variable_conflict error
BEGIN
  UPDATE async.control SET paused = false, configuration_version = nextval('async.configuration_version');
END;
$$;
COMMENT ON FUNCTION async.resume() IS 'Ends async.pause()';
