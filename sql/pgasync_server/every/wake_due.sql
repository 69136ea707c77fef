CREATE OR REPLACE FUNCTION async.wake_due(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts delayed tasks whose time has come back into their lanes, and times out yielded ones. Looks every 50 ms at
 * most, and not at what was due well before it looked last: rows of that time are gone.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.delayed, what async.return_tasks(), async.end_waiting_tasks(), async.lapse_offers() and
 * async.redeliver_results() do.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  woken RECORD;
  late BIGINT[];
BEGIN
  IF now < _s.due_from THEN
    _s.due_from := '-infinity';  -- the clock has been set back
  ELSIF now < _s.next_due THEN
    RETURN _s;
  END IF;
  _s.next_due := now + INTERVAL '50 ms';
  -- a call for each lane
  FOR woken IN
    WITH gone AS
    (
      DELETE FROM async.delayed d WHERE d.due >= _s.due_from AND d.due <= now RETURNING d.lane_id, d.task_id, d.due
    )
    SELECT g.lane_id, array_agg(g.task_id ORDER BY g.due) AS task_ids FROM gone g GROUP BY g.lane_id
  LOOP
    PERFORM async.return_tasks(woken.lane_id, woken.task_ids);
  END LOOP;
  late := ARRAY(SELECT y.task_id FROM async.yielded y WHERE y.times_up >= _s.due_from AND y.times_up <= now);
  PERFORM async.end_waiting_tasks(late, 'TIMED_OUT', 'timed out waiting for its finish');
  IF _s.outside THEN
    PERFORM async.lapse_offers();
  END IF;
  PERFORM async.expire_stranded(_s);
  PERFORM async.redeliver_results();
  _s.due_from := now - INTERVAL '0.1 s';
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.wake_due(async.loop_t) IS 'Engine: tasks whose time has come';
