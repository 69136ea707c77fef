CREATE OR REPLACE FUNCTION async.expire_stranded(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Times out tasks that have waited longer than their timeout for a target that cannot be reached; the oldest of each
 * lane first, up to 100 a time.
 *
 * _s: state of the orchestrator.
 * Writes what async.end_waiting_tasks() does.
 */
#variable_conflict error
DECLARE
  stranded RECORD;
BEGIN
  -- a call for each lane: there are few
  FOR stranded IN
    SELECT l.lane_id, array_agg(h.task_id) AS task_ids
    FROM unnest(_s.lanes) l
    JOIN unnest(_s.targets) g ON g.target_id = l.target_id AND g.state <> 'up'
    JOIN async.lane r ON r.lane_id = l.lane_id AND r.timeout IS NOT NULL
    CROSS JOIN LATERAL async.read_lane_head(l, 100) h
    JOIN async.task t ON t.task_id = h.task_id AND t.entered < clock_timestamp() - r.timeout
    WHERE NOT l.empty AND NOT l.outside AND NOT h.doomed
    GROUP BY l.lane_id
  LOOP
    PERFORM async.end_waiting_tasks(stranded.task_ids, 'TIMED_OUT', 'timed out waiting for its target');
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.expire_stranded(async.loop_t) IS 'Engine: times out tasks whose target cannot be reached';
