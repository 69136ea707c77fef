CREATE OR REPLACE FUNCTION async.recall_state() RETURNS async.loop_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * State of this session's orchestrator in manual mode.
 *
 * Errors: PF005 when there is none.
 * Reads pg_temp.pgflow_state.
 */
#variable_conflict error
DECLARE
  s async.loop_t;
BEGIN
  IF to_regclass('pg_temp.pgflow_state') IS NULL THEN
    RAISE EXCEPTION 'no orchestrator in manual mode in this session' USING
      ERRCODE = 'PF005', HINT = 'CALL async.main(_manual_mode => true) first.';
  END IF;
  SELECT (p.state).* INTO s FROM pg_temp.pgflow_state p;
  RETURN s;
END;
$$;
COMMENT ON FUNCTION async.recall_state() IS 'Engine: state of an orchestrator in manual mode';
