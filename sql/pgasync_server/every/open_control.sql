CREATE OR REPLACE FUNCTION async.open_control(_s async.loop_t, _target INT) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens the control connection of a target that has just been seen to answer, and registers this orchestrator there; if a
 * later one of this server has been there, takes a greater epoch. _target: index into _s.targets.
 * Errors: those of the connection; 08004 when a pooler stands in between.
 */
DECLARE
  targets async.target_state_t[] := _s.targets;
  target async.target_state_t := targets[_target];
  control TEXT := 'pgflow_control_' || target.target_id;
  seen BIGINT;
BEGIN
  PERFORM async.hang_up(control);
  PERFORM async.connect(
    control, async.engine_conninfo(target.connection_string, target.version, 'pgflow control', true), target.is_self);
  IF (SELECT q.answer FROM async.dblink_query(control, 'SHOW client_min_messages') q(answer)) <> 'error' THEN
    RAISE EXCEPTION 'target % is behind a connection pooler', target.target USING ERRCODE = '08004';
  END IF;
  IF target.has_client THEN
    LOOP
      SELECT q.answer::BIGINT INTO seen
      FROM async.dblink_query(
        control, format('SELECT async.register_epoch(%L, %s, %L)', _s.server, _s.epoch, _s.token)) q(answer);
      EXIT WHEN seen = 0;
      _s := async.take_epoch(_s, seen);
    END LOOP;
  END IF;
  target.state := 'up';
  target.failures := 0;
  target.probed := clock_timestamp();
  target.control_sent := NULL;
  target.pause := 0.05;
  target.next_exchange := '-infinity';
  targets[_target] := target;
  _s.targets := targets;
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.open_control(async.loop_t, INT) IS 'Engine: opens the control connection of a target';
