CREATE OR REPLACE FUNCTION flow.release_parked(_nodes flow.change_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lets the steps run that were pushed to nodes before they began.
 *
 * _nodes: the nodes.
 * Writes flow.parked_chunk, flow.chunk.
 */
#variable_conflict error
BEGIN
  WITH released AS
  (
    DELETE FROM flow.parked_chunk p USING unnest(_nodes) c
    WHERE p.flow_id = c.flow_id AND p.node_no = c.node_no
    RETURNING p.chunk_id, p.flow_id, p.node_no, p.steps
  )
  INSERT INTO flow.chunk(flow_id, node_no, steps)
  SELECT r.flow_id, r.node_no, r.steps FROM released r ORDER BY r.chunk_id;
END;
$$;
COMMENT ON FUNCTION flow.release_parked(flow.change_t[]) IS 'Engine: lets steps run that waited for their node';
