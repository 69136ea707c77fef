CREATE OR REPLACE FUNCTION async.assert_fit() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises when this session cannot host the orchestrator: under a statement_timeout it would be ended in mid-run.
 *
 * Errors: PF013.
 */
#variable_conflict error
BEGIN
  IF current_setting('statement_timeout') <> '0' THEN
    RAISE EXCEPTION 'the orchestrator cannot run under a statement_timeout' USING
      ERRCODE = 'PF013',
      DETAIL = format('statement_timeout is %s.', current_setting('statement_timeout')),
      HINT = 'SET statement_timeout = 0 before CALL async.main().';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.assert_fit() IS 'Engine: whether this session can host the orchestrator';
