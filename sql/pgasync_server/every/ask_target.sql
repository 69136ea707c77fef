CREATE OR REPLACE FUNCTION async.ask_target(_s async.loop_t, _target INT, _busy BOOL) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sends a target the next exchange over its control connection, when there is something to ask: at once when work
 * there has ended or is to be revoked, or somebody is to be notified, otherwise every 50 ms while tasks run, less and
 * less often when nothing comes of it.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _busy: it has slots at work
 * or tasks waiting.
 * Errors: 08006 when the connection does not take it.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  announcements JSONB := CASE
    WHEN this_target.is_self THEN nullif(current_setting('pgflow.announcements', true), '')::JSONB END;
  tidying BOOL := clock_timestamp() > this_target.next_trim AND NOT this_target.at_home AND this_target.has_client;
  urgent BOOL := announcements IS NOT NULL OR EXISTS (
    SELECT FROM unnest(_s.slots) x
    WHERE x.target_id = this_target.target_id
      AND (x.state = 'ended' AND NOT this_target.is_self OR x.state = 'watched' AND x.gone AND NOT x.revoking));
BEGIN
  IF NOT this_target.has_client AND this_target.revocations IS NULL
       AND NOT EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.target_id = this_target.target_id AND x.terminate)
     OR NOT urgent AND this_target.next_exchange > clock_timestamp()
     OR this_target.is_self AND this_target.revocations IS NULL AND NOT urgent AND NOT _busy THEN
    RETURN _s;
  END IF;
  this_target.in_flight := async.build_exchange(_s, this_target)
    || jsonb_build_object('notify', coalesce(announcements, '[]'))
    || CASE WHEN tidying THEN async.build_upkeep(this_target) ELSE '{}' END;
  IF tidying THEN
    this_target.next_trim := clock_timestamp() + INTERVAL '2 s';
  END IF;
  IF announcements IS NOT NULL THEN
    PERFORM set_config('pgflow.announcements', '', false);
  END IF;
  this_target.revocations := NULL;
  this_target.control_sent := clock_timestamp();
  this_target.next_exchange := this_target.control_sent + this_target.pause * INTERVAL '1 s';
  targets[_target] := this_target;
  _s.targets := targets;
  IF async.dblink_send(
    'pgflow_control_' || this_target.target_id,
    -- lint: allow dynamic_sql: the message is quoted in both
    CASE WHEN this_target.has_client THEN format('SELECT async.attend(%L)', this_target.in_flight)
         ELSE async.build_bare_exchange(this_target.in_flight) END) <> 1
  THEN
    RAISE EXCEPTION 'control connection does not take a query' USING ERRCODE = 'connection_failure';
  END IF;
  IF _s.in_test THEN
    PERFORM async.pass('asked');
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.ask_target(async.loop_t, INT, BOOL) IS 'Engine: sends a target its next exchange';
