CREATE OR REPLACE FUNCTION async.probe(_target_id INT) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tries a connection. Runs in a helper session, which may wait as long as it takes while the orchestrator goes on.
 *
 * _target_id: where to. It looks up how by itself, so that no secret is part of a query that others may see.
 * Returns "version has_client cluster/database" of the target, such as "180004 t 7412…/16384".
 * Errors: those of the connection, and of async.resolve_connection().
 * Reads async.target.
 */
#variable_conflict error
DECLARE
  place TEXT;
  report TEXT;
BEGIN
  SELECT async.resolve_connection(t.connection_string) || ' connect_timeout=10 application_name=pgflow_probe' INTO place
  FROM async.target t WHERE t.target_id = _target_id;
  PERFORM async.dblink_connect('pgflow_probe', place);
  SELECT q.answer INTO report FROM async.dblink_query('pgflow_probe', $query$
    SELECT pg_catalog.format('%s %s %s/%s',
      pg_catalog.current_setting('server_version_num'),
      EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'pgasync'),
      (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c),
      (SELECT d.oid FROM pg_catalog.pg_database d
       WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()))
  $query$) q(answer);
  PERFORM async.dblink_disconnect('pgflow_probe');
  RETURN report;
END;
$$;
COMMENT ON FUNCTION async.probe(INT) IS 'Engine: tries a connection, in a helper session';
