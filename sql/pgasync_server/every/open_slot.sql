CREATE OR REPLACE FUNCTION async.open_slot(_s async.loop_t, _target async.target_state_t) RETURNS async.slot_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens one more connection to a target.
 *
 * _s: state of the orchestrator; _target: the target.
 * Returns its slot, which has yet to say which session it has got.
 * Errors: those of the connection.
 */
#variable_conflict error
DECLARE
  new_no INT := 1 + coalesce((SELECT max(x.slot_no) FROM unnest(_s.slots) x WHERE x.target_id = _target.target_id), 0);
  name TEXT := format('pgflow_slot_%s_%s', _target.target_id, new_no);
  slot async.slot_t;
BEGIN
  PERFORM async.hang_up(name);
  PERFORM async.connect(
    name, async.build_conninfo(_target.connection_string, _target.version, format('pgflow slot %s', new_no), false),
    _target.is_self);
  PERFORM async.dblink_send(name, $query$
    SELECT pg_catalog.jsonb_build_array(a.pid, a.backend_start)
    FROM pg_catalog.pg_stat_activity a WHERE a.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  $query$);
  slot := async.make_idle_slot(new_no, _target.target_id, name, NULL, NULL);
  slot.state := 'opening';
  RETURN slot;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  PERFORM async.hang_up(name);
  RAISE;
END;
$$;
COMMENT ON FUNCTION async.open_slot(async.loop_t, async.target_state_t) IS
  'Engine: opens one more connection to a target';
