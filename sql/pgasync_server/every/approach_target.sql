CREATE OR REPLACE FUNCTION async.approach_target(_s async.loop_t, _target INT) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Begins to connect to a target: this database at once; any other is first tried by a helper session, so that one that
 * does not answer holds nothing up. _target: index into _s.targets.
 */
DECLARE
  targets async.target_state_t[] := _s.targets;
  target async.target_state_t := targets[_target];
  helper TEXT := 'pgflow_helper_' || target.target_id;
BEGIN
  _s.worked := true;
  IF target.is_self THEN
    target.version := current_setting('server_version_num')::INT;
    target.has_client := true;
    targets[_target] := target;
    _s.targets := targets;
    RETURN async.open_control(_s, _target);
  END IF;
  PERFORM async.hang_up(helper);
  PERFORM async.dblink_connect(helper, async.engine_conninfo(async.self_conninfo(), NULL, 'pgflow helper', true));
  PERFORM async.dblink_send(helper, format('SELECT async.probe(%L)', target.connection_string));
  target.state := 'probing';
  target.helper_since := clock_timestamp();
  targets[_target] := target;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.approach_target(async.loop_t, INT) IS 'Engine: begins to connect to a target';
