CREATE OR REPLACE FUNCTION async.clean_slot(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has the session of a slot forget what a raw task, or one that failed after it had committed something, left behind:
 * no batch could, since it is compiled, timed and given its transaction before its first statement runs. The slot is
 * idle once that has been answered.
 *
 * _slot: one whose batch is settled, returned as it is then.
 */
#variable_conflict error
DECLARE
  slot async.slot_t := async.make_idle_slot(
    _slot.slot_no, _slot.target_id, _slot.connection, _slot.pid, _slot.backend_start);
BEGIN
  IF async.dblink_send(slot.connection, 'DISCARD ALL') <> 1 THEN
    RETURN async.lose_slot(slot);
  END IF;
  slot.state := 'opening';
  RETURN slot;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  RETURN async.lose_slot(slot);
END;
$$;
COMMENT ON FUNCTION async.clean_slot(async.slot_t) IS 'Engine: has a session forget what its tasks left behind';
