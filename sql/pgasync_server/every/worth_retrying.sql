CREATE OR REPLACE FUNCTION async.worth_retrying(_sqlstate TEXT, _outcome TEXT, _retry_on TEXT[]) RETURNS BOOL
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a failure is one that another attempt may mend: a timeout, or an SQLSTATE that _retry_on names, whole or by its
 * class of two characters; without _retry_on any but class 42.
 */
SELECT CASE
  WHEN _outcome = 'TIMED_OUT' THEN true
  WHEN _retry_on IS NULL THEN _sqlstate NOT LIKE '42%'
  ELSE _sqlstate = ANY(_retry_on) OR left(_sqlstate, 2) = ANY(_retry_on) END;
$$;
COMMENT ON FUNCTION async.worth_retrying(TEXT, TEXT, TEXT[]) IS 'Engine: whether another attempt may mend a failure';
