CREATE OR REPLACE FUNCTION async.build_bare_exchange(_message JSONB) RETURNS TEXT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The query that takes the place of async.attend() on a target without our client extension: it cancels and ends
 * sessions, and that is all.
 *
 * _message: as async.attend() takes it; of it count revoke, where cancel is set, and terminate.
 */
SELECT format($query$
  SELECT pg_catalog.jsonb_build_object(
    'troubles', '[]'::pg_catalog.JSONB,
    'canceled', (
      SELECT pg_catalog.count(pg_catalog.pg_cancel_backend(a.pid))
      FROM pg_catalog.jsonb_array_elements(m.message OPERATOR(pg_catalog.->) 'revoke') j(job)
      JOIN pg_catalog.pg_stat_activity a
        ON a.pid OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 'pid')::pg_catalog.INT4
        AND a.backend_start OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 'start')::pg_catalog.TIMESTAMPTZ
      WHERE (j.job OPERATOR(pg_catalog.->>) 'cancel')::pg_catalog.BOOL),
    'terminated', (
      SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid))
      FROM pg_catalog.jsonb_array_elements(m.message OPERATOR(pg_catalog.->) 'terminate') j(job)
      JOIN pg_catalog.pg_stat_activity a
        ON a.pid OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 0)::pg_catalog.INT4
        AND a.backend_start OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 1)::pg_catalog.TIMESTAMPTZ))
  FROM (SELECT %L::pg_catalog.JSONB AS message) m
$query$, _message);
$$;
COMMENT ON FUNCTION async.build_bare_exchange(JSONB) IS
  'Engine: what takes the place of async.attend() where our client extension is not installed';
