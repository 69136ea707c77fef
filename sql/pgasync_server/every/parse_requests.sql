CREATE OR REPLACE FUNCTION async.parse_requests(_requests JSONB) RETURNS async.request[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Requests as a target reports them, as rows.
 *
 * _requests: array of {kind, payload, items}.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT array_agg(
      ROW(NULL, NULL, r.value->>'kind', r.value->'payload',
          CASE WHEN jsonb_typeof(r.value->'items') = 'array'
               THEN ARRAY(SELECT i.value FROM jsonb_array_elements(r.value->'items') i) END,
          clock_timestamp())::async.request ORDER BY r.n)
    FROM jsonb_array_elements(_requests) WITH ORDINALITY r(value, n));
END;
$$;
COMMENT ON FUNCTION async.parse_requests(JSONB) IS 'Engine: requests as a target reports them, as rows';
