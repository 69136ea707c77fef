CREATE OR REPLACE FUNCTION async.recover(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes up what an earlier orchestrator left: every batch that it had assigned is watched on its target until it is
 * known what became of it, and every open lane is looked at.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.batch, async.lane, async.doom, async.doomed_lane, async.open_lane.
 */
#variable_conflict error
DECLARE
  left_over RECORD;
  slot async.slot_t;
BEGIN
  -- a loop: a slot has more fields than one would name in a query
  FOR left_over IN
    SELECT b.*, l.raw, l.pool_id, l.timeout, row_number() OVER () AS n
    FROM async.batch b JOIN async.lane l ON l.lane_id = b.lane_id
  LOOP
    slot := async.make_idle_slot(
      -left_over.n::INT, left_over.target_id, NULL, left_over.pid, left_over.backend_start);
    slot.state := 'watched';
    slot.batch_id := left_over.batch_id;
    slot.epoch := left_over.epoch;
    slot.ring := left_over.ring;
    slot.lane_id := left_over.lane_id;
    slot.raw := left_over.raw;
    slot.pool_id := left_over.pool_id;
    slot.timeout := left_over.timeout;
    slot.task_ids := left_over.task_ids;
    slot.remaining := left_over.task_ids;
    slot.sent := left_over.assigned;
    slot.progress := left_over.assigned;
    slot.seen := left_over.assigned;
    slot.interrupted := EXISTS (SELECT FROM async.doom d WHERE d.task_id = ANY(left_over.task_ids));
    _s.slots := _s.slots || slot;
  END LOOP;
  PERFORM set_config('pgflow.doomed', coalesce((SELECT string_agg(d.lane_id::TEXT, ',') FROM async.doomed_lane d), ''), false);
  PERFORM async.wake_lanes(ARRAY(SELECT o.lane_id FROM async.open_lane o));
  RETURN async.load_configuration(_s);
END;
$$;
COMMENT ON FUNCTION async.recover(async.loop_t) IS 'Engine: takes up what an earlier orchestrator left';
