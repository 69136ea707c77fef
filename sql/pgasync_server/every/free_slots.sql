CREATE OR REPLACE FUNCTION async.free_slots(_s async.loop_t, _batch_ids BIGINT[], _verdicts async.verdict_t[])
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes the slots of settled batches idle, drops those without a connection, and brings up to date how long the
 * lanes' tasks take. One that found itself replaced (PF012) makes the orchestrator stop.
 *
 * _s: state of the orchestrator, returned as it is then; _batch_ids: the batches; _verdicts: on their tasks.
 */
#variable_conflict error
DECLARE
  lanes async.lane_state_t[] := _s.lanes;
  lane async.lane_state_t;
  new_work FLOAT8;
  new_pace FLOAT8;
BEGIN
  _s.stopping := _s.stopping OR EXISTS (
    SELECT FROM unnest(_s.slots) x WHERE x.batch_id = ANY(_batch_ids) AND x.sqlstate = 'REPLACED');
  _s.slots := ARRAY(
    SELECT CASE WHEN x.batch_id = ANY(_batch_ids)
      THEN CASE WHEN x.raw OR x.sqlstate IS NOT NULL THEN async.clean_slot(x)
                ELSE async.make_idle_slot(x.slot_no, x.target_id, x.connection, x.pid, x.backend_start) END
      ELSE x END
    FROM unnest(_s.slots) x
    WHERE x.state <> 'closed' AND NOT (x.batch_id = ANY(_batch_ids) AND x.connection IS NULL));
  FOR i IN 1..coalesce(cardinality(lanes), 0) LOOP
    lane := lanes[i];
    SELECT (extract(epoch FROM sum(b.took)) / sum(b.tasks))::FLOAT8,
           (extract(epoch FROM sum(b.worked)) / sum(b.tasks))::FLOAT8
    INTO new_pace, new_work
    FROM (SELECT max(v.ended) - min(v.started) AS took, sum(v.ended - v.started) AS worked, count(*) AS tasks
          FROM unnest(_verdicts) v WHERE v.lane_id = lane.lane_id AND v.outcome <> 'BACK' GROUP BY v.batch_id) b;
    IF new_pace IS NOT NULL THEN
      lane.work := 0.5 * (new_work + coalesce(lane.work, new_work));
      lane.pace := 0.5 * (new_pace + coalesce(lane.pace, new_pace));
      lanes[i] := lane;
    END IF;
  END LOOP;
  _s.lanes := lanes;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.free_slots(async.loop_t, BIGINT[], async.verdict_t[]) IS
  'Engine: frees the slots of settled batches';
