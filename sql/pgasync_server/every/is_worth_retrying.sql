CREATE OR REPLACE FUNCTION async.is_worth_retrying(_sqlstate TEXT, _outcome TEXT, _retry_on TEXT[])
RETURNS BOOL LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a failure is one that another attempt may mend: a timeout, or an SQLSTATE that is named as such;
 * where none is, any but class 42.
 *
 * _sqlstate, _outcome: as in async.verdict_t; _retry_on: SQLSTATEs or classes of two characters, or null.
 */
SELECT CASE
  WHEN _outcome = 'TIMED_OUT' THEN true
  WHEN _retry_on IS NULL THEN _sqlstate NOT LIKE '42%'
  ELSE _sqlstate = ANY(_retry_on) OR left(_sqlstate, 2) = ANY(_retry_on) END;
$$;
COMMENT ON FUNCTION async.is_worth_retrying(TEXT, TEXT, TEXT[]) IS 'Engine: whether another attempt may mend a failure';
