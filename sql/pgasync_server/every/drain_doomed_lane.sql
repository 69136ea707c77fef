CREATE OR REPLACE FUNCTION async.drain_doomed_lane(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what waits in a doomed lane, up to 2,000 tasks a cycle, then forgets the lane. Those that were canceled before
 * need not be passed over any more.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.result, async.lane_position, async.doom, async.doomed_lane, async.open_lane, and where tasks waited.
 */
#variable_conflict error
DECLARE
  chosen async.doomed_lane;
  waiting BIGINT[];
  passed BIGINT[];
  last_seq BIGINT;
BEGIN
  SELECT d.* INTO chosen FROM async.doomed_lane d LIMIT 1;
  IF FOUND THEN
    _s.worked := true;
    _s.pending := true;
    SELECT array_agg(t.task_id) FILTER (WHERE NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id)),
           array_agg(t.task_id), max(t.seq)
    INTO waiting, passed, last_seq
    FROM (SELECT h.task_id, h.seq FROM async.task h
          WHERE h.lane_id = chosen.lane_id AND h.seq > async.get_lane_position(chosen.lane_id)
          ORDER BY h.seq LIMIT 2000) t;
    IF last_seq IS NULL THEN
      waiting := ARRAY(SELECT q.task_id FROM async.requeue q WHERE q.lane_id = chosen.lane_id
                       UNION ALL SELECT y.task_id FROM async.yielded y WHERE y.lane_id = chosen.lane_id
                       UNION ALL SELECT d.task_id FROM async.delayed d WHERE d.lane_id = chosen.lane_id);
      DELETE FROM async.doomed_lane d WHERE d.lane_id = chosen.lane_id;
      DELETE FROM async.open_lane o WHERE o.lane_id = chosen.lane_id;
      _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE l.lane_id <> chosen.lane_id);
    ELSE
      INSERT INTO async.lane_position(lane_id, seq) VALUES (chosen.lane_id, last_seq);
      DELETE FROM async.doom d WHERE d.task_id = ANY(passed);
    END IF;
    PERFORM async.end_waiting_tasks(waiting, 'CANCELED', chosen.message);
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.drain_doomed_lane(async.loop_t) IS 'Engine: cancels what waits in doomed lanes';
