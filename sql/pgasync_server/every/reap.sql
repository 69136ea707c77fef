CREATE OR REPLACE FUNCTION async.reap(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Asks every busy slot, without waiting, whether its message has ended, and reads it if so. A loop, since dblink has no
 * call for several connections.
 */
DECLARE
  slots async.slot_t[] := _s.slots;
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    IF slots[i].state = 'busy' AND async.dblink_is_busy(slots[i].connection) = 0 THEN
      slots[i] := async.collect(slots[i]);
      _s.worked := true;
    END IF;
  END LOOP;
  _s.slots := slots;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.reap(async.loop_t) IS 'Engine: finds the messages that have ended';
