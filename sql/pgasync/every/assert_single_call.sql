/* lint: allow search_path: the routine must be found as the batch will find it */
CREATE OR REPLACE FUNCTION async.assert_single_call(_query TEXT) RETURNS VOID LANGUAGE plpgsql AS
$$
/*
 * Raises unless a query parses as exactly one CALL. PostgreSQL's own parser decides: a cursor refuses a CALL, naming
 * the command, and refuses several statements, before anything of either runs. No search_path is pinned here: the
 * routine must be found as the batch will find it.
 *
 * _query: the text to look at.
 * Errors: 42601.
 */
#variable_conflict error
DECLARE
  probe pg_catalog.REFCURSOR;
  complaint pg_catalog.TEXT;
BEGIN
  BEGIN
    OPEN probe FOR EXECUTE _query;
  EXCEPTION WHEN invalid_cursor_definition THEN
    complaint := SQLERRM;
  END;
  IF complaint IS NULL OR pg_catalog.strpos(complaint, 'CALL') OPERATOR(pg_catalog.=) 0 THEN
    RAISE EXCEPTION 'query is not exactly one CALL' USING
      ERRCODE = 'syntax_error', DETAIL = pg_catalog.left(_query, 200),
      HINT = 'Push one task for each statement.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.assert_single_call(TEXT) IS 'Engine: checks on the target that a query is exactly one CALL';
