CREATE OR REPLACE FUNCTION flow.forget_old(_keep INTERVAL) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: removes a piece of the oldest runs that ended long enough ago; where there are none, definitions
 * that nobody needs.
 *
 * _keep: how long ago they must have ended.
 * Returns whether there may be more.
 * Writes what flow.forget_runs() and flow.forget_definitions() do.
 */
#variable_conflict error
DECLARE
  old_runs BIGINT[] := flow.find_old_runs(_keep);
BEGIN
  IF cardinality(old_runs) > 0 THEN
    PERFORM flow.forget_runs(old_runs);
    RETURN true;
  END IF;
  RETURN flow.forget_definitions(_keep);
END;
$$;
COMMENT ON FUNCTION flow.forget_old(INTERVAL) IS 'Engine: removes what ended long ago, piece by piece';
