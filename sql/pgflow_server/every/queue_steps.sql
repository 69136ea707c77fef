CREATE OR REPLACE FUNCTION flow.queue_steps(_chunk flow.chunk) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes tasks of steps that are to run.
 *
 * _chunk: the steps, of one node.
 * Returns whether some of them existed already: those are no longer counted.
 * Writes async.lane, and what flow.insert_steps() does.
 */
#variable_conflict error
DECLARE
  defined flow.definition_node;
  wanted async.lane;
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
  RETURN cardinality(flow.insert_steps(_chunk, wanted.lane_id, defined.node)) < cardinality(_chunk.steps);
END;
$$;
COMMENT ON FUNCTION flow.queue_steps(flow.chunk) IS 'Engine: makes tasks of a chunk of steps';
