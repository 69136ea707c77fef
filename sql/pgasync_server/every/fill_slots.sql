CREATE OR REPLACE FUNCTION async.fill_slots(
  _s async.loop_t,
  _slots async.slot_t[],
  _lane async.lane_state_t,
  _idle INT[],
  slots OUT async.slot_t[],
  lane OUT async.lane_state_t) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Fills idle slots (_idle: indexes into _slots) from a lane: takes what fits, shares every group of it out evenly, and
 * writes each batch. Returns slots and lane as they are then. Writes async.batch, async.lane_position.
 */
DECLARE
  size INT := async.batch_size(_lane.average);
  share RECORD;
  row_of async.lane;
  taken async.taken_t[];
  furthest BIGINT;
BEGIN
  slots := _slots;
  lane := _lane;
  taken := ARRAY(
    SELECT ROW(t.task_id, t.seq, t.query, t.sole, t.data, t.doomed)::async.taken_t
    FROM async.take_tasks(_lane, size * cardinality(_idle), cardinality(_idle)) t);
  IF cardinality(taken) = 0 THEN
    lane.empty := true;
    RETURN;
  END IF;
  SELECT max(t.seq) INTO furthest FROM unnest(taken) t;
  IF furthest IS NOT NULL THEN
    lane.position := furthest;
    INSERT INTO async.lane_position(lane_id, seq) VALUES (lane.lane_id, furthest);
  END IF;
  lane.requeued := lane.requeued AND EXISTS (SELECT FROM unnest(taken) t WHERE t.seq IS NULL);
  lane.served := lane.served + cardinality(taken);
  SELECT l.* INTO row_of FROM async.lane l WHERE l.lane_id = lane.lane_id;
  FOR share IN SELECT h.* FROM async.shares(taken, cardinality(_idle)) h LOOP
    slots[_idle[share.n]] := async.load_slot(_s, slots[_idle[share.n]], row_of, share.sole, share.taken);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.fill_slots(async.loop_t, async.slot_t[], async.lane_state_t, INT[]) IS 'Engine: fills idle slots from a lane';
