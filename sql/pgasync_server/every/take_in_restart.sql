CREATE OR REPLACE FUNCTION async.take_in_restart(_payload JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has a task that has ended run again: its result becomes an attempt, and it waits as a task that is put back does. Each
 * batch has a number of its own, so that no earlier receipt can be taken for that of the next attempt.
 *
 * _payload: that of a request async.restart.
 * Errors: those of async.check_restart(), where two have asked for the same, say.
 * Writes async.attempt, async.result, async.open_lane, and what async.return_tasks() does.
 */
#variable_conflict error
DECLARE
  restarted_id BIGINT := (_payload->>'task_id')::BIGINT;
  restarted_lane BIGINT := (SELECT t.lane_id FROM async.task t WHERE t.task_id = restarted_id);
BEGIN
  PERFORM async.check_restart(_payload);
  WITH ended AS
  (
    DELETE FROM async.result r WHERE r.task_id = restarted_id RETURNING r.*
  )
  INSERT INTO async.attempt(task_id, attempt, status, started, ended, sqlstate, error, counted)
  SELECT e.task_id, n.attempts + 1, e.status, e.started, e.ended, e.sqlstate, e.error, false
  FROM ended e CROSS JOIN LATERAL async.count_attempts(e.task_id) n;
  UPDATE async.attempt a SET past = true WHERE a.task_id = restarted_id;
  INSERT INTO async.open_lane(lane_id) VALUES (restarted_lane) ON CONFLICT DO NOTHING;
  PERFORM async.return_tasks(restarted_lane, ARRAY[restarted_id]);
END;
$$;
COMMENT ON FUNCTION async.take_in_restart(JSONB) IS 'Engine: has a task that has ended run again';
