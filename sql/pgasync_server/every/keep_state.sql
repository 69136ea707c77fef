CREATE OR REPLACE FUNCTION async.keep_state(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Keeps the state of an orchestrator in manual mode between two calls.
 *
 * _s: state of the orchestrator.
 * Writes pg_temp.pgflow_state, which it makes.
 */
#variable_conflict error
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.pgflow_state (state async.loop_t) ON COMMIT PRESERVE ROWS;
  DELETE FROM pg_temp.pgflow_state;
  INSERT INTO pg_temp.pgflow_state(state) VALUES (_s);
END;
$$;
COMMENT ON FUNCTION async.keep_state(async.loop_t) IS 'Engine: keeps the state of an orchestrator in manual mode';
