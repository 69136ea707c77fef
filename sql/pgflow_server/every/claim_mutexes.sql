CREATE OR REPLACE FUNCTION flow.claim_mutexes(_nodes flow.change_t[]) RETURNS flow.change_t[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Nodes that are in a mutex could begin now: those begin that exclude nobody that runs, and nobody that has waited longer.
 * The others stay PENDING until flow.record_ends() names them. A node claims all its mutexes at once and holds them until
 * it has ended, so that nodes cannot wait for each other.
 *
 * _nodes: the nodes.
 * Returns those that have to wait.
 * Writes flow.mutex_claim.
 */
#variable_conflict error
DECLARE
  free flow.change_t[];
BEGIN
  INSERT INTO flow.mutex_claim(flow_id, node_no, flow, definition_id)
  SELECT c.flow_id, c.node_no, r.flow, r.definition_id
  FROM unnest(_nodes) WITH ORDINALITY c(flow_id, node_no, state, error, n)
  JOIN flow.run r ON r.flow_id = c.flow_id
  ORDER BY c.n
  ON CONFLICT (flow_id, node_no) DO NOTHING;

  free := flow.find_free_nodes(ARRAY(
    SELECT DISTINCT r.flow FROM unnest(_nodes) c JOIN flow.run r ON r.flow_id = c.flow_id));
  UPDATE flow.mutex_claim m SET held = true
  FROM unnest(free) f WHERE m.flow_id = f.flow_id AND m.node_no = f.node_no;
  RETURN ARRAY(
    SELECT c FROM unnest(_nodes) c
    JOIN flow.mutex_claim m ON m.flow_id = c.flow_id AND m.node_no = c.node_no
    WHERE NOT m.held);
END;
$$;
COMMENT ON FUNCTION flow.claim_mutexes(flow.change_t[]) IS 'Engine: holds back nodes that others exclude';
