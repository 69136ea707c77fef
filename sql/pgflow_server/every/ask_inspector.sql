CREATE OR REPLACE FUNCTION flow.ask_inspector(_target_id INT, _routines TEXT[]) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has another session of this server ask a target what is wrong with routines, and does not wait for it.
 *
 * _target_id: the target; _routines: names, each part quoted where it must be.
 * Returns the connection to that session, for dblink.
 * Errors: those of a connection to this server.
 */
#variable_conflict error
DECLARE
  inspector CONSTANT TEXT := 'pgflow_inspector_' || _target_id;
BEGIN
  PERFORM async.hang_up(inspector);
  PERFORM async.dblink_connect(
    inspector, async.build_conninfo(async.build_self_conninfo(), NULL, 'pgflow inspector for ' || pg_backend_pid(), false));
  PERFORM async.dblink_send(inspector, format('SELECT flow.inspect_target(%L, %L)', _target_id, _routines));
  RETURN inspector;
END;
$$;
COMMENT ON FUNCTION flow.ask_inspector(INT, TEXT[]) IS 'Engine: has another session ask a target about routines';
