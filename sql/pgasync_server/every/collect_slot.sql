CREATE OR REPLACE FUNCTION async.collect_slot(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads the end of a slot's message: state becomes ended, with the error if there was one, or watched if the
 * connection is gone and nobody knows how far its session got.
 *
 * _slot: one that is busy, returned as it is then.
 */
#variable_conflict error
DECLARE
  still_connected BOOL := true;
BEGIN
  _slot.sqlstate := NULL;
  _slot.error := NULL;
  BEGIN
    PERFORM FROM async.dblink_result(_slot.connection);
    PERFORM FROM async.dblink_result(_slot.connection);
  EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    _slot.sqlstate := CASE  -- five characters are a callback's own, whatever they are
      WHEN SQLSTATE = 'PF012' AND SQLERRM = format('orchestrator with epoch %s has been replaced', _slot.epoch)
        THEN 'REPLACED'
      WHEN SQLSTATE = 'PF014' AND SQLERRM ~ '^arguments of run [0-9]+ have not come here$' THEN 'MISSING'
      ELSE SQLSTATE END;
    _slot.error := async.shorten_error(SQLSTATE, SQLERRM);
    still_connected := async.drain_connection(_slot.connection, SQLSTATE);
    IF still_connected AND _slot.raw AND SQLSTATE = '42804' AND async.dblink_error(_slot.connection) = 'OK' THEN
      _slot.sqlstate := NULL;  -- it has returned rows of a shape that nobody asked for
      _slot.error := NULL;
    ELSIF still_connected AND SQLSTATE IN ('40001', '40P01') THEN
      _slot.committed := async.has_committed(_slot.connection);
    END IF;
  END;
  IF still_connected THEN
    _slot.state := 'ended';
  ELSE
    _slot := async.lose_slot(_slot);
  END IF;
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.collect_slot(async.slot_t) IS 'Engine: reads the end of a slot''s message';
