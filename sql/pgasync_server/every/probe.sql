CREATE OR REPLACE FUNCTION async.probe(_conninfo TEXT) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tries a connection. Runs in a helper session, which may wait as long as it takes while the orchestrator goes on.
 *
 * _conninfo: where to.
 * Returns "version has_client cluster/database" of the target, such as "180004 t 7412…/16384".
 * Errors: those of the connection.
 */
#variable_conflict error
DECLARE
  report TEXT;
BEGIN
  PERFORM async.dblink_connect('pgflow_probe', _conninfo || ' connect_timeout=10 application_name=pgflow_probe');
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
COMMENT ON FUNCTION async.probe(TEXT) IS 'Engine: tries a connection, in a helper session';
