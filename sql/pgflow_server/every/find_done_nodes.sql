CREATE OR REPLACE FUNCTION flow.find_done_nodes(_nodes flow.change_t[]) RETURNS flow.change_t[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Of some nodes, those whose last step has ended after their routine, with the state in which they end.
 *
 * _nodes: the nodes.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT coalesce(array_agg(DISTINCT ROW(s.flow_id, s.node_no, coalesce(s.verdict, 'FINISHED'), s.error)::flow.change_t), '{}')
    FROM unnest(_nodes) c
    CROSS JOIN LATERAL flow.find_node_state(c.flow_id, c.node_no) s
    WHERE s.state = 'RUNNING_STEPS' AND s.unfinished = 0);
END;
$$;
COMMENT ON FUNCTION flow.find_done_nodes(flow.change_t[]) IS 'Engine: nodes whose last step has ended';
