CREATE OR REPLACE FUNCTION async.is_passing(_sqlstate TEXT) RETURNS BOOL LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether an error is nobody's fault and will pass: no room, memory or connection left, a clash with another
 * transaction, a lock that was not had, an input or output that failed. What was being done then must be done again; what
 * fails otherwise may be given up alone.
 *
 * _sqlstate: of the error.
 */
SELECT left(_sqlstate, 2) IN ('40', '53') OR _sqlstate IN ('55P03', '58030');
$$;
COMMENT ON FUNCTION async.is_passing(TEXT) IS 'Engine: whether an error of the orchestrator''s own will pass';
