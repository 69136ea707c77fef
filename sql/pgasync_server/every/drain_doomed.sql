CREATE OR REPLACE FUNCTION async.drain_doomed(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what waits in doomed lanes, up to 2,000 tasks a cycle, then forgets the lane.
 * Writes async.result, async.lane_position, async.doomed_lane, async.open_lane, and where tasks waited.
 */
DECLARE
  doomed async.doomed_lane;
  waiting BIGINT[];
  furthest BIGINT;
BEGIN
  SELECT d.* INTO doomed FROM async.doomed_lane d LIMIT 1;
  IF FOUND THEN
    _s.worked := true;
    _s.pending := true;
    SELECT array_agg(t.task_id) FILTER (WHERE NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id)), max(t.seq)
    INTO waiting, furthest
    FROM (SELECT h.task_id, h.seq FROM async.task h
          WHERE h.lane_id = doomed.lane_id AND h.seq > async.position(doomed.lane_id) ORDER BY h.seq LIMIT 2000) t;
    IF furthest IS NULL THEN
      waiting := ARRAY(SELECT q.task_id FROM async.requeue q WHERE q.lane_id = doomed.lane_id
                       UNION ALL SELECT y.task_id FROM async.yielded y WHERE y.lane_id = doomed.lane_id
                       UNION ALL SELECT d.task_id FROM async.delayed d WHERE d.lane_id = doomed.lane_id);
      DELETE FROM async.doomed_lane d WHERE d.lane_id = doomed.lane_id;
      DELETE FROM async.open_lane o WHERE o.lane_id = doomed.lane_id;
      _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE l.lane_id <> doomed.lane_id);
    ELSE
      INSERT INTO async.lane_position(lane_id, seq) VALUES (doomed.lane_id, furthest);
    END IF;
    PERFORM async.settle(waiting, 'CANCELED', doomed.message);
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.drain_doomed(async.loop_t) IS 'Engine: cancels what waits in doomed lanes';
