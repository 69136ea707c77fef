CREATE OR REPLACE FUNCTION flow.condemn_nodes(_nodes flow.change_t[], _until TEXT, _message TEXT) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Stops the steps of nodes, which end in the state given once all that they have under way has ended.
 *
 * _nodes: the nodes, with the state in which they end.
 * _until: the state that they are in until then; null: as it is.
 * _message: why, for the steps.
 * Writes flow.node_state, and what flow.stop_steps() does.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict, error)
  SELECT s.flow_id, s.node_no, coalesce(_until, s.state), s.unmet, s.spoiled, s.steps, s.unfinished, s.failed, s.canceled,
         coalesce(s.verdict, c.state), coalesce(s.error, c.error)
  FROM unnest(_nodes) c CROSS JOIN LATERAL flow.find_node_state(c.flow_id, c.node_no) s;
  PERFORM flow.stop_steps(_nodes, _message);
END;
$$;
COMMENT ON FUNCTION flow.condemn_nodes(flow.change_t[], TEXT, TEXT) IS
  'Engine: nodes that end once all they have under way has';
