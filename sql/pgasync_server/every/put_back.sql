CREATE OR REPLACE FUNCTION async.put_back(_lane_id BIGINT, _task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts tasks in front of those of their lane that never went, in the order given, and wakes the lane.
 *
 * _lane_id: the lane; _task_ids: the tasks.
 * Writes async.requeue.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.requeue(lane_id, seq, task_id)
  SELECT _lane_id, nextval('async.seq'), u.task_id
  FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n) ORDER BY u.n;
  PERFORM async.wake_lanes(ARRAY[_lane_id]);
END;
$$;
COMMENT ON FUNCTION async.put_back(BIGINT, BIGINT[]) IS 'Engine: puts tasks in front of their lane';
