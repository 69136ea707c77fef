CREATE OR REPLACE FUNCTION async.reap(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Asks every slot with something under way, without waiting, whether that has ended, and reads it if so. A loop,
 * since dblink has no call for several connections.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    IF slots[i].state = 'busy' AND NOT async.is_busy(slots[i].connection) THEN
      slots[i] := async.collect_slot(slots[i]);
      _s.worked := true;
    ELSIF slots[i].state = 'opening' THEN
      slots[i] := async.finish_opening(slots[i]);
      _s.worked := _s.worked OR slots[i].state <> 'opening';
    END IF;
  END LOOP;
  IF _s.in_test AND _s.worked THEN
    PERFORM async.pass('reaped');
  END IF;
  _s.slots := CASE WHEN _s.worked THEN ARRAY(SELECT x FROM unnest(slots) x WHERE x.state <> 'closed') ELSE slots END;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.reap(async.loop_t) IS 'Engine: finds the messages that have ended';
