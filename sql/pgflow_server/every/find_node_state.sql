-- lint: allow search_path: a SQL function with settings is not inlined
CREATE OR REPLACE FUNCTION flow.find_node_state(_flow_id BIGINT, _node_no INT) RETURNS SETOF flow.node_state
LANGUAGE sql STABLE ROWS 1 AS
$$
/*
 * The state that a node of a run is in; no row for one that nothing has happened to. Inlined into its callers'
 * statements.
 *
 * _flow_id, _node_no: the run and its node.
 */
SELECT s.*
FROM flow.node_state s
WHERE s.flow_id OPERATOR(pg_catalog.=) _flow_id AND s.node_no OPERATOR(pg_catalog.=) _node_no
ORDER BY s.state_no DESC
LIMIT 1;
$$;
COMMENT ON FUNCTION flow.find_node_state(BIGINT, INT) IS 'Engine: the state that a node of a run is in';
