CREATE OR REPLACE FUNCTION flow.inspect_target(_target_id INT, _routines TEXT[]) RETURNS SETOF TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Asks a target what is wrong with routines, over a connection like those of its tasks. Runs in a helper session, which
 * may wait as long as it takes.
 *
 * _target_id: the target; _routines: names, each part quoted where it must be.
 * Returns a row a routine in their order: empty, or what is wrong.
 * Errors: those of the connection.
 * Reads async.target.
 */
#variable_conflict error
DECLARE
  place TEXT := (
    SELECT async.build_conninfo(coalesce(t.connection_string, async.build_self_conninfo()), NULL, 'pgflow check', false)
    FROM async.target t WHERE t.target_id = _target_id);
BEGIN
  PERFORM async.dblink_connect('pgflow_inspected', place);
  -- lint: allow dynamic_sql: the names in it are quoted there
  RETURN QUERY SELECT q.answer FROM async.dblink_query('pgflow_inspected', flow.build_inspection(_routines)) q(answer);
  PERFORM async.dblink_disconnect('pgflow_inspected');
END;
$$;
COMMENT ON FUNCTION flow.inspect_target(INT, TEXT[]) IS 'Engine: asks a target what is wrong with routines';
