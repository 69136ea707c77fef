CREATE OR REPLACE FUNCTION async.open_control(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens the control connection of a target that has just been seen to answer, and registers this orchestrator there.
 * If a later one of this server has been there: takes a greater epoch when it comes there for the first time, for it
 * is a promoted standby that lagged behind; stops when it has been there before, for it has been replaced.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: those of the connection; 08004 when a pooler stands in between.
 * Writes async.epoch, async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  control TEXT := 'pgflow_control_' || this_target.target_id;
  later_epoch BIGINT;
BEGIN
  PERFORM async.hang_up(control);
  PERFORM async.connect(
    control, async.build_conninfo(this_target.connection_string, this_target.version, 'pgflow control', true),
    this_target.is_self);
  IF (SELECT q.answer FROM async.dblink_query(control, 'SHOW client_min_messages') q(answer)) <> 'error' THEN
    RAISE EXCEPTION 'target % is behind a connection pooler', this_target.target USING ERRCODE = '08004';
  END IF;
  IF this_target.has_client THEN
    LOOP
      SELECT q.answer::BIGINT INTO later_epoch
      FROM async.dblink_query(
        control, format('SELECT async.register_epoch(%L, %L, %L)', _s.server, _s.epoch, _s.token)) q(answer);
      EXIT WHEN later_epoch = 0;
      IF this_target.registered THEN
        _s.stopping := true;
        RETURN _s;
      END IF;
      _s := async.take_epoch(_s, later_epoch);
    END LOOP;
    this_target.registered := true;
    IF _s.in_test THEN
      PERFORM async.pass('registered');
    END IF;
  END IF;
  IF this_target.failures > 0 THEN
    PERFORM async.log('NOTICE', format('target %s has been reached', this_target.target));
  END IF;
  this_target.state := 'up';
  this_target.failures := 0;
  this_target.probed := clock_timestamp();
  this_target.control_sent := NULL;
  this_target.pause := 0.05;
  this_target.next_exchange := '-infinity';
  targets[_target] := this_target;
  _s.targets := targets;
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.open_control(async.loop_t, INT) IS 'Engine: opens the control connection of a target';
