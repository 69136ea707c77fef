CREATE OR REPLACE FUNCTION async.check_probe(_s async.loop_t, _target INT) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Looks whether a target's helper session has come to a result: then the control connection is opened. One that takes
 * more than 10 s is given up. _target: index into _s.targets. Errors: those of the connection that was tried.
 */
DECLARE
  targets async.target_state_t[] := _s.targets;
  target async.target_state_t := targets[_target];
  helper TEXT := 'pgflow_helper_' || target.target_id;
  answer TEXT;
BEGIN
  IF async.is_busy(helper) THEN
    IF clock_timestamp() > target.helper_since + INTERVAL '10 s' THEN
      RAISE EXCEPTION 'target % does not answer', target.target USING ERRCODE = 'connection_failure';
    END IF;
    RETURN _s;
  END IF;
  SELECT r.answer INTO answer FROM async.dblink_result(helper) r(answer);
  PERFORM async.hang_up(helper);
  target.version := split_part(answer, ' ', 1)::INT;
  target.has_client := split_part(answer, ' ', 2)::BOOL;
  target.at_home := (SELECT split_part(answer, ' ', 3) = i.system_identifier || '/' || i.database FROM async.identity i);
  targets[_target] := target;
  _s.targets := targets;
  RETURN async.open_control(_s, _target);
END;
$$;
COMMENT ON FUNCTION async.check_probe(async.loop_t, INT) IS 'Engine: looks whether a helper has reached its target';
