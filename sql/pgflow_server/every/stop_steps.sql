CREATE OR REPLACE FUNCTION flow.stop_steps(_nodes flow.change_t[], _message TEXT) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Stops the steps of nodes: those that are no tasks yet are counted off as canceled at once, and kept for a restart of the
 * run; the others are canceled or interrupted by the engine, and counted off as they end. A loop, since nodes that fail
 * with steps under way are few.
 *
 * _nodes: the nodes.
 * _message: why, for the steps.
 * Writes flow.chunk, flow.parked_chunk, flow.stopped_chunk, flow.node_state, and what async.cancel_owned() does.
 */
#variable_conflict error
DECLARE
  stopped RECORD;
BEGIN
  FOR stopped IN
    WITH gone AS
    (
      DELETE FROM flow.chunk k USING unnest(_nodes) c WHERE k.flow_id = c.flow_id AND k.node_no = c.node_no
      RETURNING k.chunk_id, k.flow_id, k.node_no, k.steps
    ), unparked AS
    (
      DELETE FROM flow.parked_chunk k USING unnest(_nodes) c WHERE k.flow_id = c.flow_id AND k.node_no = c.node_no
      RETURNING k.chunk_id, k.flow_id, k.node_no, k.steps
    ), kept AS
    (
      INSERT INTO flow.stopped_chunk(chunk_id, flow_id, node_no, steps)
      SELECT * FROM gone UNION ALL SELECT * FROM unparked
      RETURNING flow_id, node_no, cardinality(steps) AS steps
    )
    SELECT c.flow_id, c.node_no, coalesce(sum(k.steps), 0) AS dropped
    FROM unnest(_nodes) c
    LEFT JOIN kept k ON k.flow_id = c.flow_id AND k.node_no = c.node_no
    GROUP BY c.flow_id, c.node_no
  LOOP
    INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict, error)
    SELECT s.flow_id, s.node_no, s.state, s.unmet, s.spoiled, s.steps, s.unfinished - stopped.dropped, s.failed,
           s.canceled + stopped.dropped, s.verdict, s.error
    FROM flow.find_node_state(stopped.flow_id, stopped.node_no) s WHERE stopped.dropped > 0;
    PERFORM async.cancel_owned('flow', stopped.flow_id, stopped.node_no, _message);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION flow.stop_steps(flow.change_t[], TEXT) IS 'Engine: stops the steps of nodes';
