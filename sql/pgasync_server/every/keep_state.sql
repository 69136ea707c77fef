CREATE OR REPLACE FUNCTION async.keep_state(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/* Keeps the state of an orchestrator in manual mode between two calls. Writes the temporary table pgflow_state. */
BEGIN
  EXECUTE 'CREATE TEMPORARY TABLE IF NOT EXISTS pgflow_state (state async.loop_t) ON COMMIT PRESERVE ROWS';
  EXECUTE 'DELETE FROM pg_temp.pgflow_state';
  EXECUTE 'INSERT INTO pg_temp.pgflow_state VALUES ($1)' USING _s;
END;
$$;
COMMENT ON FUNCTION async.keep_state(async.loop_t) IS 'Engine: keeps the state of an orchestrator in manual mode';
