CREATE OR REPLACE FUNCTION flow.queue_steps(_chunk flow.chunk) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes tasks of steps. A hash tells steps apart, since an index entry cannot hold large arguments.
 *
 * _chunk: the steps, of one node.
 * Returns whether some of them existed already: those are no longer counted.
 * Writes async.lane, async.task, flow.node_state.
 */
#variable_conflict error
DECLARE
  defined flow.definition_node;
  wanted async.lane;
  queued BIGINT;
BEGIN
  SELECT n.* INTO defined
  FROM flow.run r JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.node_no = _chunk.node_no
  WHERE r.flow_id = _chunk.flow_id;
  wanted := flow.draft_lane(defined.target, true, defined.step_timeout);
  wanted.priority := defined.priority + (SELECT r.priority FROM flow.run r WHERE r.flow_id = _chunk.flow_id);
  wanted.owner_id := _chunk.flow_id;
  wanted.owner_item := _chunk.node_no;
  wanted.kind := 'flow.step';
  wanted.call := defined.step_routine;
  wanted.label := defined.node;
  wanted.retries := defined.retries;
  wanted.retry_delay := defined.retry_delay;
  wanted.retry_backoff := defined.retry_backoff;
  wanted.retry_max_delay := defined.retry_max_delay;
  wanted.retry_on := defined.retry_on;
  wanted.on_interrupt := defined.on_interrupt;
  wanted.lane_id := async.ensure_lane(wanted);
  INSERT INTO async.task(task_id, lane_id, seq, owner_id, owner_item, key, argument, source)
  SELECT nextval('async.task_id_seq'), wanted.lane_id, nextval('async.seq'), _chunk.flow_id, _chunk.node_no,
         md5(coalesce(u.step::TEXT, 'null'))::UUID, u.step, defined.node
  FROM unnest(_chunk.steps) WITH ORDINALITY u(step, n) ORDER BY u.n
  ON CONFLICT (owner_id, owner_item, key) DO NOTHING;
  GET DIAGNOSTICS queued = ROW_COUNT;

  IF queued < cardinality(_chunk.steps) THEN
    INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict)
    SELECT s.flow_id, s.node_no, s.state, s.unmet, s.spoiled, s.steps - cardinality(_chunk.steps) + queued,
           s.unfinished - cardinality(_chunk.steps) + queued, s.failed, s.canceled, s.verdict
    FROM flow.find_node_state(_chunk.flow_id, _chunk.node_no) s;
    RETURN true;
  END IF;
  RETURN false;
END;
$$;
COMMENT ON FUNCTION flow.queue_steps(flow.chunk) IS 'Engine: makes tasks of a chunk of steps';
