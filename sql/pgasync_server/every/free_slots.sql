CREATE OR REPLACE FUNCTION async.free_slots(_s async.loop_t, _batch_ids BIGINT[], _verdicts async.verdict_t[])
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes the slots of settled batches idle, drops those without a connection, and brings the average time of the lanes'
 * tasks up to date. One that found itself replaced (PF012) makes the orchestrator stop.
 */
DECLARE
  lanes async.lane_state_t[] := _s.lanes;
  lane async.lane_state_t;
  taken FLOAT8;
BEGIN
  _s.stopping := _s.stopping OR EXISTS (
    SELECT FROM unnest(_s.slots) x WHERE x.batch_id = ANY(_batch_ids) AND x.sqlstate = 'PF012');
  _s.slots := ARRAY(
    SELECT CASE WHEN x.batch_id = ANY(_batch_ids)
      THEN async.idle_slot(x.slot_no, x.target_id, x.connection, x.pid, x.backend_start) ELSE x END
    FROM unnest(_s.slots) x
    WHERE x.state <> 'closed' AND NOT (x.batch_id = ANY(_batch_ids) AND x.connection IS NULL));
  FOR i IN 1..coalesce(cardinality(lanes), 0) LOOP
    lane := lanes[i];
    SELECT extract(epoch FROM sum(b.took)) / sum(b.tasks) INTO taken
    FROM (SELECT max(v.ended) - min(v.started) AS took, count(*) AS tasks
          FROM unnest(_verdicts) v WHERE v.lane_id = lane.lane_id AND v.outcome <> 'BACK' GROUP BY v.batch_id) b;
    IF taken IS NOT NULL THEN
      lane.average := 0.5 * (taken + coalesce(lane.average, taken));
      lanes[i] := lane;
    END IF;
  END LOOP;
  _s.lanes := lanes;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.free_slots(async.loop_t, BIGINT[], async.verdict_t[]) IS 'Engine: frees the slots of settled batches';
