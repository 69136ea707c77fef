CREATE OR REPLACE FUNCTION async.approach_target(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Begins to connect to a target: this database at once; any other is first tried by a helper session, so that one
 * that does not answer holds nothing up.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: those of the connection to this database.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  helper TEXT := 'pgflow_helper_' || this_target.target_id;
BEGIN
  _s.worked := true;
  IF this_target.is_self THEN
    this_target.version := current_setting('server_version_num')::INT;
    this_target.has_client := true;
    targets[_target] := this_target;
    _s.targets := targets;
    RETURN async.open_control(_s, _target);
  END IF;
  PERFORM async.hang_up(helper);
  PERFORM async.dblink_connect(helper, async.build_conninfo(async.build_self_conninfo(), NULL, 'pgflow helper', true));
  PERFORM async.dblink_send(helper, format('SELECT async.probe(%L)', this_target.target_id));
  this_target.state := 'probing';
  this_target.helper_since := clock_timestamp();
  targets[_target] := this_target;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.approach_target(async.loop_t, INT) IS 'Engine: begins to connect to a target';
