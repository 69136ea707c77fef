CREATE OR REPLACE FUNCTION async.lose_target(_s async.loop_t, _target INT, _reason TEXT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives the connections to a target up and tries again after 0.1 s, doubling up to 5 s. Its waiting tasks stay where
 * they are; what was running is watched once it can be reached.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _reason: for the log.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
BEGIN
  IF this_target.failures = 0 THEN
    PERFORM async.log('WARNING', format('target %s cannot be reached: %s', this_target.target, _reason));
  END IF;
  PERFORM async.hang_up('pgflow_control_' || this_target.target_id);
  PERFORM async.hang_up('pgflow_helper_' || this_target.target_id);
  this_target.state := 'down';
  this_target.retry_at := clock_timestamp() + least(5, 0.1 * 2 ^ least(this_target.failures, 10)) * INTERVAL '1 s';
  this_target.failures := this_target.failures + 1;
  this_target.control_sent := NULL;
  this_target.answer := NULL;
  this_target.trouble := NULL;
  this_target.revocations := NULL;
  this_target.trimmed := NULL;
  targets[_target] := this_target;
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.target_id <> this_target.target_id;
    slot.revoking := false;  -- what was ordered may not have arrived: async.watch_slots() orders it again
    slots[i] := CASE WHEN slot.connection IS NULL THEN slot ELSE async.lose_slot(slot) END;
  END LOOP;
  _s.slots := slots;
  _s.targets := targets;
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.lose_target(async.loop_t, INT, TEXT) IS 'Engine: gives the connections to a target up';
