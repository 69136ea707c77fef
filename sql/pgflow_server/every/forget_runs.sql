CREATE OR REPLACE FUNCTION flow.forget_runs(_keep INTERVAL) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: removes a piece, up to 2,000 tasks, of the oldest run that has ended; once it has no tasks left,
 * the run itself. Its arguments go first: by that it is known to be incomplete.
 *
 * _keep: how long ago it must have ended.
 * Returns whether there was anything to remove.
 * Writes flow.run, flow.run_state, flow.node_state, flow.arguments, flow.arguments_sent, async.lane,
 *   async.lane_position, and what async.forget_tasks() does.
 */
#variable_conflict error
DECLARE
  old_id BIGINT;
  old_tasks BIGINT[];
BEGIN
  SELECT r.flow_id INTO old_id
  FROM flow.run r
  CROSS JOIN LATERAL (
    SELECT s.state, s.changed FROM flow.run_state s WHERE s.flow_id = r.flow_id ORDER BY s.state_no DESC LIMIT 1) s
  WHERE s.state <> 'RUNNING' AND s.changed < clock_timestamp() - _keep
  ORDER BY r.flow_id
  LIMIT 1;
  IF old_id IS NULL THEN
    RETURN false;
  END IF;
  DELETE FROM flow.arguments a WHERE a.flow_id = old_id;
  old_tasks := ARRAY(SELECT t.task_id FROM async.task t WHERE t.owner_id = old_id LIMIT 2000);
  PERFORM async.forget_tasks(old_tasks);
  IF cardinality(old_tasks) < 2000 THEN
    DELETE FROM flow.node_state s WHERE s.flow_id = old_id;
    DELETE FROM flow.run_state s WHERE s.flow_id = old_id;
    DELETE FROM flow.arguments_sent a WHERE a.flow_id = old_id;
    DELETE FROM flow.run r WHERE r.flow_id = old_id;
    DELETE FROM async.lane_position p USING async.lane l WHERE l.lane_id = p.lane_id AND l.owner = 'flow' AND l.owner_id = old_id;
    DELETE FROM async.lane l WHERE l.owner = 'flow' AND l.owner_id = old_id;
  END IF;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION flow.forget_runs(INTERVAL) IS 'Engine: hook of maintenance, removes old runs';
