CREATE OR REPLACE FUNCTION flow.condemn(_nodes flow.change_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * These nodes end in the state given once all that they have under way has ended; their state remains what it is until
 * then. Writes flow.node_state, and what stopping steps does.
 */
BEGIN
  INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict, error)
  SELECT s.flow_id, s.node_no, s.state, s.unmet, s.spoiled, s.steps, s.unfinished, s.failed, s.canceled,
         coalesce(s.verdict, c.state), coalesce(s.error, c.error)
  FROM unnest(_nodes) c CROSS JOIN LATERAL flow.latest_state(c.flow_id, c.node_no) s;
  PERFORM flow.stop_steps(_nodes, 'run canceled');
END;
$$;
COMMENT ON FUNCTION flow.condemn(flow.change_t[]) IS 'Engine: nodes that end once all they have under way has';
