CREATE OR REPLACE FUNCTION flow.record_ends(_resolved flow.change_t[]) RETURNS flow.change_t[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records how nodes end. Steps that wait for a node that never began are canceled with it, and kept for a restart of the
 * run.
 *
 * _resolved: the nodes, with the state in which they end.
 * Returns nodes that may begin now, having waited for a mutex.
 * Writes flow.node_state, flow.parked_chunk, flow.stopped_chunk, and what flow.release_mutexes() does.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict, error)
  SELECT c.flow_id, c.node_no, c.state, coalesce(s.unmet, 0), coalesce(s.spoiled, false), coalesce(s.steps, 0),
         0, coalesce(s.failed, 0), coalesce(s.canceled + s.unfinished, 0), s.verdict, coalesce(c.error, s.error)
  FROM unnest(_resolved) c
  LEFT JOIN LATERAL flow.find_node_state(c.flow_id, c.node_no) s ON true;
  IF EXISTS (SELECT FROM flow.parked_chunk) THEN
    WITH gone AS
    (
      DELETE FROM flow.parked_chunk p USING unnest(_resolved) c WHERE p.flow_id = c.flow_id AND p.node_no = c.node_no
      RETURNING p.chunk_id, p.flow_id, p.node_no, p.steps
    )
    INSERT INTO flow.stopped_chunk(chunk_id, flow_id, node_no, steps)
    SELECT g.chunk_id, g.flow_id, g.node_no, g.steps FROM gone g;
  END IF;
  IF EXISTS (SELECT FROM flow.definition_mutex) THEN
    RETURN flow.release_mutexes(_resolved);
  END IF;
  RETURN '{}'::flow.change_t[];
END;
$$;
COMMENT ON FUNCTION flow.record_ends(flow.change_t[]) IS 'Engine: records how nodes end';
