CREATE OR REPLACE FUNCTION flow.args(_flow_id BIGINT) RETURNS JSONB LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The arguments of a run, as passed to flow.run_flow(), from the cache of this database.
 *
 * _flow_id: the run.
 * Errors: PF002 when nothing of the run has been here.
 */
#variable_conflict error
DECLARE
  cached flow.arguments;
BEGIN
  SELECT a.* INTO cached FROM flow.arguments a WHERE a.flow_id = _flow_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown run %', _flow_id USING ERRCODE = 'PF002';
  END IF;
  RETURN cached.arguments;
END;
$$;
COMMENT ON FUNCTION flow.args(BIGINT) IS 'The arguments of a run';
