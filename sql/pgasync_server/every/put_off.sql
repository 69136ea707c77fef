CREATE OR REPLACE FUNCTION async.put_off(_task_ids BIGINT[], _duration INTERVAL) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts tasks that do not run back until later.
 *
 * _task_ids: the tasks; _duration: how long from now.
 * Writes async.delayed, and what async.forget_waiting() does.
 */
#variable_conflict error
BEGIN
  PERFORM async.forget_waiting(_task_ids);
  INSERT INTO async.delayed(due, task_id, lane_id)
  SELECT clock_timestamp() + greatest(_duration, '0'), t.task_id, t.lane_id
  FROM async.task t WHERE t.task_id = ANY(_task_ids) AND t.lane_id IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION async.put_off(BIGINT[], INTERVAL) IS 'Engine: puts tasks back until later';
