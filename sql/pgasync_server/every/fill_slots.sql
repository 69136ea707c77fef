CREATE OR REPLACE FUNCTION async.fill_slots(
  _s async.loop_t,
  _slots async.slot_t[],
  _lane async.lane_state_t,
  _idle INT[],
  OUT slots async.slot_t[],
  OUT lane async.lane_state_t) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Fills idle slots from the head of a lane and writes each batch. On a target without our client extension every query
 * goes as it is, as raw ones do, and nothing else can run.
 *
 * _s: state of the orchestrator; _slots: all slots; _lane: the lane; _idle: indexes into _slots of those to fill.
 * Returns slots and lane as they are then.
 * Writes async.batch, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  size INT := async.choose_batch_size(_lane.work, _lane.pace);
  lane_row async.lane;
  parts async.part_t[];
  part async.part_t;
  filled INT := 0;
BEGIN
  slots := _slots;
  lane := _lane;
  SELECT l.* INTO lane_row FROM async.lane l WHERE l.lane_id = lane.lane_id;
  IF lane.target_id = ANY(_s.bare) THEN
    lane_row.raw := true;
  END IF;
  IF lane_row.call IS NOT NULL AND NOT lane_row.raw THEN
    parts := ARRAY(SELECT p FROM async.take_alike(_lane, lane_row.call, size * cardinality(_idle), cardinality(_idle)) p);
  ELSE
    parts := ARRAY(SELECT p FROM async.take_mixed(_lane, lane_row, size * cardinality(_idle), cardinality(_idle)) p);
  END IF;
  lane := async.move_lane(lane, parts, size * cardinality(_idle), cardinality(_idle));
  FOR i IN 1..cardinality(parts) LOOP
    IF parts[i].task_ids IS NOT NULL THEN
      filled := filled + 1;
      part := parts[i];
      IF lane_row.kind <> 'query' AND lane_row.raw THEN
        part.queries := ARRAY[async.build_refusal()];
      END IF;
      slots[_idle[filled]] := async.load_slot(_s, slots[_idle[filled]], lane_row, part);
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.fill_slots(async.loop_t, async.slot_t[], async.lane_state_t, INT[]) IS
  'Engine: fills idle slots from a lane';
