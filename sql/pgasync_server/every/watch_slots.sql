CREATE OR REPLACE FUNCTION async.watch_slots(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Looks at what has been running for a while: orders an interruption again whose order was lost, revokes what a gone
 * session left without a receipt, takes back what waits behind a slow task, interrupts a task whose time is up, ends
 * a session that does not heed that within 10 s.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.doom.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.state NOT IN ('busy', 'watched') OR slot.revoking
               OR slot.state = 'busy' AND now < slot.sent + INTERVAL '50 ms' AND slot.timeout > INTERVAL '50 ms';
    IF slot.gone THEN
      IF slot.remaining IS NOT NULL THEN
        _s := async.order_revocation(_s, i, slot.remaining, false);
      END IF;
    ELSIF slot.interrupted AND slot.interrupt_at IS NULL THEN
      _s := async.order_revocation(
        _s, i, ARRAY(SELECT d.task_id FROM async.doom d WHERE d.task_id = ANY(slot.remaining)), true);
    ELSIF slot.interrupted THEN
      IF now > slot.interrupt_at + INTERVAL '10 s' AND NOT slot.terminate THEN
        slots := _s.slots;
        slot.terminate := true;
        slots[i] := slot;
        _s.slots := slots;
      END IF;
    ELSIF now > slot.progress + slot.timeout AND cardinality(slot.remaining) > 0 THEN
      _s := async.interrupt(_s, slot.remaining[1:1], 'TIMED_OUT', format('timed out after %s', slot.timeout));
    ELSIF slot.state = 'busy' AND cardinality(slot.remaining) > 1 AND slot.seen > slot.progress + INTERVAL '50 ms' THEN
      _s := async.order_revocation(_s, i, slot.remaining, false, true);
    END IF;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.watch_slots(async.loop_t) IS 'Engine: looks at what has been running for a while';
