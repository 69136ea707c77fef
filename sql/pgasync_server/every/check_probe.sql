CREATE OR REPLACE FUNCTION async.check_probe(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Looks whether a target's helper session has come to a result: then the control connection is opened. One that takes
 * more than 10 s is given up.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: those of the connection that was tried, 08006 when the time is up.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  helper TEXT := 'pgflow_helper_' || this_target.target_id;
  report TEXT;
BEGIN
  IF async.is_busy(helper) THEN
    IF clock_timestamp() > this_target.helper_since + INTERVAL '10 s' THEN
      RAISE EXCEPTION 'target % does not answer', this_target.target USING ERRCODE = 'connection_failure';
    END IF;
    RETURN _s;
  END IF;
  SELECT r.answer INTO report FROM async.dblink_result(helper) r(answer);
  PERFORM async.hang_up(helper);
  this_target.version := split_part(report, ' ', 1)::INT;
  this_target.has_client := split_part(report, ' ', 2)::BOOL;
  this_target.at_home := (
    SELECT split_part(report, ' ', 3) = i.system_identifier || '/' || i.database FROM async.identity i);
  _s.bare := nullif(array_remove(coalesce(_s.bare, '{}'), this_target.target_id)
    || CASE WHEN NOT this_target.has_client THEN ARRAY[this_target.target_id] ELSE '{}' END, '{}');
  targets[_target] := this_target;
  _s.targets := targets;
  RETURN async.open_control(_s, _target);
END;
$$;
COMMENT ON FUNCTION async.check_probe(async.loop_t, INT) IS 'Engine: looks whether a helper has reached its target';
