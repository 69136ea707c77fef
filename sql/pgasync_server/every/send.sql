CREATE OR REPLACE FUNCTION async.send(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sends the messages of batches whose assignment has been committed. A connection that refuses is lost; whether the
 * message arrived is then found out as for any other. A loop, since dblink has no call for several connections.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.query IS NULL;
    slot.sent := clock_timestamp();
    slot.progress := slot.sent;
    slot.seen := slot.sent;
    BEGIN
      -- lint: allow dynamic_sql: async.build_message() has made it
      IF async.dblink_send(slot.connection, slot.query) <> 1 THEN
        slot := async.lose_slot(slot);
      END IF;
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      slot := async.lose_slot(slot);
    END;
    slot.query := NULL;
    slots[i] := slot;
    IF _s.in_test THEN
      PERFORM async.pass(
        CASE WHEN EXISTS (SELECT FROM unnest(slots) x WHERE x.query IS NOT NULL) THEN 'sending' ELSE 'sent' END);
    END IF;
  END LOOP;
  _s.slots := slots;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.send(async.loop_t) IS 'Engine: sends the messages of committed batches';
