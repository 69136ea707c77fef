CREATE OR REPLACE FUNCTION async.drain_doomed_lane(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what waits in the first of the lanes that the setting pgflow.doomed names, up to 2,000 tasks a cycle, then
 * forgets the lane.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.result, async.lane_position, async.doomed_lane, async.open_lane, async.doom, and where tasks waited.
 */
#variable_conflict error
DECLARE
  named TEXT := nullif(current_setting('pgflow.doomed', true), '');
  chosen_id BIGINT := split_part(named, ',', 1)::BIGINT;
  reason TEXT := (SELECT d.message FROM async.doomed_lane d WHERE d.lane_id = chosen_id);
  passed BIGINT[];
  waiting BIGINT[];
  last_seq BIGINT;
BEGIN
  IF named IS NULL THEN
    RETURN _s;
  END IF;
  _s.worked := true;
  _s.pending := true;
  SELECT array_agg(t.task_id), max(t.seq) INTO passed, last_seq
  FROM (SELECT h.task_id, h.seq FROM async.task h
        WHERE h.lane_id = chosen_id AND h.seq > async.get_lane_position(chosen_id)
        ORDER BY h.seq LIMIT 2000) t;
  IF last_seq IS NULL THEN
    waiting := ARRAY(SELECT q.task_id FROM async.requeue q WHERE q.lane_id = chosen_id
                     UNION ALL SELECT y.task_id FROM async.yielded y WHERE y.lane_id = chosen_id
                     UNION ALL SELECT d.task_id FROM async.delayed d WHERE d.lane_id = chosen_id
                     UNION ALL SELECT f.task_id FROM async.offer f WHERE f.lane_id = chosen_id
                       AND NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = f.task_id));
    DELETE FROM async.doomed_lane d WHERE d.lane_id = chosen_id;
    DELETE FROM async.open_lane o WHERE o.lane_id = chosen_id;
    _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE l.lane_id <> chosen_id);
    PERFORM set_config('pgflow.doomed', substr(named, strpos(named || ',', ',') + 1), false);
  ELSE
    waiting := ARRAY(SELECT u FROM unnest(passed) u WHERE NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = u));
    INSERT INTO async.lane_position(lane_id, seq) VALUES (chosen_id, last_seq);
    DELETE FROM async.doom d WHERE d.task_id = ANY(passed);
  END IF;
  PERFORM async.end_waiting_tasks(waiting, 'CANCELED', reason);
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.drain_doomed_lane(async.loop_t) IS 'Engine: cancels what waits in a doomed lane';
