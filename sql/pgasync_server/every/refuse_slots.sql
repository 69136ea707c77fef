CREATE OR REPLACE FUNCTION async.refuse_slots(_s async.loop_t, _target INT, _reason TEXT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A target takes no more connections: goes on for 2 s with the slots that it has, or, where it has none, tries anew from the
 * start.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _reason: for the log.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  held INT := (SELECT count(*)::INT FROM unnest(_s.slots) x WHERE x.target_id = this_target.target_id);
BEGIN
  IF held = 0 THEN
    RETURN async.lose_target(_s, _target, _reason);
  END IF;
  IF this_target.full_until IS NULL OR this_target.full_until < clock_timestamp() - INTERVAL '1 minute' THEN
    PERFORM async.log('WARNING', format(
      'target %s takes no more than %s connections: %s', this_target.target, held, _reason));
  END IF;
  this_target.full_until := clock_timestamp() + INTERVAL '2 s';
  targets[_target] := this_target;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.refuse_slots(async.loop_t, INT, TEXT) IS 'Engine: a target takes no more connections';
