CREATE OR REPLACE FUNCTION flow.begin_steps(_nodes flow.change_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lets nodes go on to their steps, their routine being done, or having none: steps known beforehand are added, those
 * that were pushed before the node began are released.
 *
 * _nodes: the nodes, each with at least one step.
 * Writes flow.chunk, flow.node_state, and what flow.release_parked() does.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.chunk(flow_id, node_no, steps)
  SELECT c.flow_id, c.node_no, n.steps[p.first:p.first + 499]
  FROM unnest(_nodes) c
  JOIN flow.run r ON r.flow_id = c.flow_id
  CROSS JOIN LATERAL (
      SELECT x.* FROM flow.definition_node x WHERE x.definition_id = r.definition_id AND x.node_no = c.node_no OFFSET 0) n
  CROSS JOIN LATERAL generate_series(1, cardinality(n.steps), 500) p(first);

  PERFORM flow.release_parked(_nodes);

  INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict)
  SELECT c.flow_id, c.node_no, 'RUNNING_STEPS', 0, false, coalesce(s.steps, 0) + coalesce(cardinality(n.steps), 0),
         coalesce(s.unfinished, 0) + coalesce(cardinality(n.steps), 0), coalesce(s.failed, 0), coalesce(s.canceled, 0), s.verdict
  FROM unnest(_nodes) c
  JOIN flow.run r ON r.flow_id = c.flow_id
  CROSS JOIN LATERAL (
      SELECT x.* FROM flow.definition_node x WHERE x.definition_id = r.definition_id AND x.node_no = c.node_no OFFSET 0) n
  LEFT JOIN LATERAL flow.find_node_state(c.flow_id, c.node_no) s ON true;
END;
$$;
COMMENT ON FUNCTION flow.begin_steps(flow.change_t[]) IS 'Engine: lets nodes go on to their steps';
