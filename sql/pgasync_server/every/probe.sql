CREATE OR REPLACE FUNCTION async.probe(_conninfo TEXT) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tries a connection and returns "version has_client cluster/database" of the target, e.g. "180004 true 7412…/16384". Runs in a helper session, which may
 * wait as long as it takes while the orchestrator goes on. Errors: those of the connection.
 */
DECLARE
  answer TEXT;
BEGIN
  PERFORM async.dblink_connect('pgflow_probe', _conninfo || ' connect_timeout=10 application_name=pgflow_probe');
  SELECT q.answer INTO answer FROM async.dblink_query('pgflow_probe', $query$
    SELECT current_setting('server_version_num') || ' '
      || EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'pgasync') || ' '
      || (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c) || '/'
      || (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  $query$) q(answer);
  PERFORM async.dblink_disconnect('pgflow_probe');
  RETURN answer;
END;
$$;
COMMENT ON FUNCTION async.probe(TEXT) IS 'Engine: tries a connection, in a helper session';
