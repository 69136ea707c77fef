CREATE OR REPLACE FUNCTION async.refuse_slots(_s async.loop_t, _target INT, _reason TEXT) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A target takes no more connections: goes on with the slots that it has, or, where it has none, tries anew from the start.
 * _target: index into _s.targets. Writes the log.
 */
DECLARE
  targets async.target_state_t[] := _s.targets;
  target async.target_state_t := targets[_target];
  held INT := (SELECT count(*) FROM unnest(_s.slots) x WHERE x.target_id = target.target_id);
BEGIN
  IF held = 0 THEN
    RETURN async.lose_target(_s, _target, _reason);
  END IF;
  PERFORM async.log('WARNING', format('target %s takes no more than %s connections: %s', target.target, held, _reason));
  target.max_concurrency := held;
  targets[_target] := target;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.refuse_slots(async.loop_t, INT, TEXT) IS 'Engine: a target takes no more connections';
