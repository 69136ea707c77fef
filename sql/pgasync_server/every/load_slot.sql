CREATE OR REPLACE FUNCTION async.load_slot(
  _s async.loop_t,
  _slot async.slot_t,
  _lane async.lane,
  _part async.part_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Assigns tasks of a lane to an idle slot: writes the batch and makes up its message.
 *
 * _s: state of the orchestrator; _slot: the slot, returned as it is then; _lane: the lane; _part: the tasks.
 * Writes async.batch.
 */
#variable_conflict error
BEGIN
  _slot.state := 'busy';
  _slot.batch_id := nextval('async.batch_id_seq');
  _slot.epoch := _s.epoch;
  _slot.ring := (SELECT t.ring FROM unnest(_s.targets) t WHERE t.target_id = _slot.target_id);
  _slot.lane_id := _lane.lane_id;
  _slot.raw := _lane.raw;
  _slot.pool_id := _lane.pool_id;
  _slot.timeout := _lane.timeout;
  _slot.task_ids := _part.task_ids;
  _slot.remaining := _slot.task_ids;
  INSERT INTO async.batch(batch_id, epoch, ring, target_id, lane_id, pid, backend_start, task_ids)
  VALUES (
    _slot.batch_id, _slot.epoch, _slot.ring, _slot.target_id, _slot.lane_id, _slot.pid, _slot.backend_start,
    _slot.task_ids);
  _slot.query := async.build_message(_s, _slot, _lane, _part);
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.load_slot(async.loop_t, async.slot_t, async.lane, async.part_t) IS
  'Engine: assigns tasks to a slot';
