CREATE OR REPLACE FUNCTION flow.record_ends(_resolved flow.change_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records how nodes end.
 *
 * _resolved: the nodes, with the state in which they end.
 * Writes flow.node_state.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict, error)
  SELECT c.flow_id, c.node_no, c.state, coalesce(s.unmet, 0), coalesce(s.spoiled, false), coalesce(s.steps, 0),
         coalesce(s.unfinished, 0), coalesce(s.failed, 0), coalesce(s.canceled, 0), s.verdict, coalesce(c.error, s.error)
  FROM unnest(_resolved) c
  LEFT JOIN LATERAL flow.find_node_state(c.flow_id, c.node_no) s ON true;
END;
$$;
COMMENT ON FUNCTION flow.record_ends(flow.change_t[]) IS 'Engine: records how nodes end';
