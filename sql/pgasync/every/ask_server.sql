CREATE OR REPLACE FUNCTION async.ask_server(_query TEXT) RETURNS SETOF TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs a query on the server of this client. It commits there at once, whatever becomes of the caller's transaction.
 *
 * _query: what to run; it returns one column.
 * Returns its rows as text.
 * Errors: PF008 when async.server() is not set, or leads to another client; those of the server.
 * Reads async.server_connection.
 */
#variable_conflict error
DECLARE
  place TEXT := (SELECT c.connection_string FROM async.server_connection c);
BEGIN
  IF place IS NULL THEN
    RAISE EXCEPTION 'this database has no connection to a server' USING
      ERRCODE = 'PF008', HINT = 'Set one with SELECT async.server(''service=…''), or call from within a task.';
  END IF;
  IF current_setting('pgflow.asked', true) = 'on' THEN
    RAISE EXCEPTION 'the server of this client is a client itself' USING
      ERRCODE = 'PF008', HINT = 'Set the connection to a database with pgasync_server: SELECT async.server(…).';
  END IF;
  PERFORM async.dblink_connect('pgflow_server', place);
  PERFORM FROM async.dblink_query('pgflow_server', 'SELECT pg_catalog.set_config(''pgflow.asked'', ''on'', false)');
  RETURN QUERY SELECT q.answer FROM async.dblink_query('pgflow_server', _query) q(answer);
  PERFORM async.dblink_disconnect('pgflow_server');
EXCEPTION WHEN OTHERS THEN
  IF 'pgflow_server' = ANY(async.dblink_connections()) THEN
    PERFORM async.dblink_disconnect('pgflow_server');
  END IF;
  RAISE;
END;
$$;
COMMENT ON FUNCTION async.ask_server(TEXT) IS 'Engine: runs a query on the server of this client';
