CREATE OR REPLACE FUNCTION flow.forget_runs(_flow_ids BIGINT[], _limit INT DEFAULT 2000) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes a piece of runs that have ended: first their arguments, by whose absence they are known to be incomplete,
 * then tasks, then what else there is of them, at last the runs with their last states, which tell that they have ended.
 *
 * _flow_ids: the runs, in order.
 * _limit: most rows of a table at a time.
 * Writes flow.arguments, flow.node_state, flow.run_state, flow.stopped_chunk, async.lane_position, and what
 *   async.forget_tasks() and flow.drop_runs() do.
 */
#variable_conflict error
DECLARE
  old_tasks BIGINT[] := flow.find_tasks_of(_flow_ids, _limit);
  removed BIGINT;
  more BOOL := false;
BEGIN
  DELETE FROM flow.arguments a WHERE a.flow_id = ANY(_flow_ids);
  PERFORM async.forget_tasks(old_tasks);
  IF cardinality(old_tasks) = _limit THEN
    RETURN;
  END IF;
  DELETE FROM flow.node_state s
  WHERE s.ctid = ANY(ARRAY(SELECT o.ctid FROM flow.node_state o WHERE o.flow_id = ANY(_flow_ids) LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  more := more OR removed = _limit;
  DELETE FROM flow.run_state s
  WHERE s.ctid = ANY(ARRAY(
    SELECT o.ctid
    FROM unnest(_flow_ids) u(flow_id)
    CROSS JOIN LATERAL (
      SELECT l.ctid FROM flow.run_state l WHERE l.flow_id = u.flow_id ORDER BY l.state_no DESC OFFSET 1 LIMIT _limit) o
    LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  more := more OR removed = _limit;
  DELETE FROM flow.stopped_chunk s
  WHERE s.ctid = ANY(ARRAY(SELECT o.ctid FROM flow.stopped_chunk o WHERE o.flow_id = ANY(_flow_ids) LIMIT 100));
  GET DIAGNOSTICS removed = ROW_COUNT;
  more := more OR removed = 100;
  DELETE FROM async.lane_position s
  WHERE s.ctid = ANY(ARRAY(
    SELECT p.ctid
    FROM async.lane l JOIN async.lane_position p ON p.lane_id = l.lane_id
    WHERE l.owner_id = ANY(_flow_ids) AND l.owner = 'flow' LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  more := more OR removed = _limit;
  IF NOT more THEN
    PERFORM flow.drop_runs(_flow_ids, _limit);
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.forget_runs(BIGINT[], INT) IS 'Engine: removes a piece of runs that have ended';
