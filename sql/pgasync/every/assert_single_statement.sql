/* lint: allow search_path: names must be found as the query will find them */
CREATE OR REPLACE FUNCTION async.assert_single_statement(_query TEXT) RETURNS VOID LANGUAGE plpgsql AS
$$
/*
 * Raises unless a query parses as one statement. Only one that could be more, or none, is looked into: PostgreSQL's
 * own parser then decides, by the complaint of a cursor, compared with the one about two statements, since it is in
 * the server's language. No search_path is pinned here: names must be found as the query will find them.
 *
 * _query: the text to look at.
 * Errors: 42601.
 */
#variable_conflict error
DECLARE
  probe pg_catalog.REFCURSOR;
  complaint pg_catalog.TEXT;
  about_two pg_catalog.TEXT;
BEGIN
  IF pg_catalog.strpos(pg_catalog.rtrim(_query, E'; \n\t'), ';') OPERATOR(pg_catalog.=) 0
     AND _query OPERATOR(pg_catalog.~) '^\s*[[:alnum:](]' THEN
    RETURN;
  END IF;
  BEGIN
    OPEN probe FOR EXECUTE 'SELECT 1; SELECT 2';
  EXCEPTION WHEN invalid_cursor_definition THEN
    about_two := SQLERRM;
  END;
  BEGIN
    OPEN probe FOR EXECUTE _query;
    CLOSE probe;
  EXCEPTION WHEN invalid_cursor_definition THEN
    complaint := SQLERRM;
  END;
  IF complaint OPERATOR(pg_catalog.=) about_two THEN
    RAISE EXCEPTION 'query is not exactly one statement' USING
      ERRCODE = 'syntax_error', DETAIL = pg_catalog.left(_query, 200), HINT = 'Push one task for each statement.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.assert_single_statement(TEXT) IS 'Engine: checks on the target that a query is one statement';
