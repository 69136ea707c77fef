CREATE OR REPLACE FUNCTION async.assert_fit() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises when this session cannot host the orchestrator: under a statement_timeout it would be ended in mid-run; in a
 * copy of a server it would interfere with the targets of the original. Called before the session takes any lock.
 *
 * Errors: PF013; PF012 in a copy.
 * Reads async.identity.
 */
#variable_conflict error
BEGIN
  IF current_setting('statement_timeout') <> '0' THEN
    RAISE EXCEPTION 'the orchestrator cannot run under a statement_timeout' USING
      ERRCODE = 'PF013',
      DETAIL = format('statement_timeout is %s.', current_setting('statement_timeout')),
      HINT = 'SET statement_timeout = 0 before CALL async.main().';
  ELSIF EXISTS (
    SELECT FROM async.identity i CROSS JOIN pg_control_system() c JOIN pg_database d ON d.datname = current_database()
    WHERE (i.system_identifier, i.database) IS DISTINCT FROM (c.system_identifier, d.oid))
  THEN
    RAISE EXCEPTION 'this database is a copy of a pgflow server' USING
      ERRCODE = 'PF012',
      DETAIL = 'Its orchestrator would interfere with the targets of the original.',
      HINT = 'Run SELECT async.claim_identity() to make it a server of its own.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.assert_fit() IS 'Engine: whether this session can host the orchestrator';
