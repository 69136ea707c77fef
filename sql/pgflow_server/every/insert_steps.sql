CREATE OR REPLACE FUNCTION flow.insert_steps(_chunk flow.chunk, _lane_id BIGINT, _node TEXT) RETURNS BIGINT[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes tasks of those steps that their node has not already; the others are no longer counted. A hash tells steps
 * apart, since an index entry cannot hold large arguments.
 *
 * _chunk: the steps; _lane_id: the lane in which they wait, null: they never run; _node: name of their node.
 * Returns the new tasks.
 * Writes async.task, flow.node_state.
 */
#variable_conflict error
DECLARE
  new_ids BIGINT[];
  known INT;
BEGIN
  WITH queued AS
  (
    INSERT INTO async.task(task_id, lane_id, seq, owner_id, owner_item, key, argument, source)
    SELECT nextval('async.task_id_seq'), _lane_id, CASE WHEN _lane_id IS NOT NULL THEN nextval('async.seq') END,
           _chunk.flow_id, _chunk.node_no, md5(coalesce(u.step::TEXT, 'null'))::UUID, u.step, _node
    FROM unnest(_chunk.steps) WITH ORDINALITY u(step, n) ORDER BY u.n
    ON CONFLICT (owner_id, owner_item, key) DO NOTHING
    RETURNING task_id
  )
  SELECT coalesce(array_agg(q.task_id), '{}') INTO new_ids FROM queued q;

  known := cardinality(_chunk.steps) - cardinality(new_ids);
  IF known > 0 THEN
    INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict)
    SELECT s.flow_id, s.node_no, s.state, s.unmet, s.spoiled, s.steps - known, s.unfinished - known, s.failed, s.canceled,
           s.verdict
    FROM flow.find_node_state(_chunk.flow_id, _chunk.node_no) s;
  END IF;
  RETURN new_ids;
END;
$$;
COMMENT ON FUNCTION flow.insert_steps(flow.chunk, BIGINT, TEXT) IS 'Engine: makes tasks of steps';
