CREATE OR REPLACE FUNCTION flow.has_open_run(_flow TEXT) RETURNS BOOL LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a run of a flow has not ended.
 *
 * _flow: name of the flow.
 */
SELECT EXISTS (SELECT FROM flow.open_run o WHERE o.flow = _flow);
$$;
COMMENT ON FUNCTION flow.has_open_run(TEXT) IS 'Engine: whether a run of a flow has not ended';
