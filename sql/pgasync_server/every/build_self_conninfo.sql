CREATE OR REPLACE FUNCTION async.build_self_conninfo() RETURNS TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How this session connects to its own database: control.self_connection_string, or the first Unix socket directory
 * of the server (loopback where it has none), its port, and the user and database of this session.
 *
 * Reads async.control.
 */
SELECT coalesce(
  (SELECT c.self_connection_string FROM async.control c),
  format(
    'host=%s port=%s dbname=%s user=%s',
    async.quote_conninfo_value(coalesce(
      nullif(trim(split_part(current_setting('unix_socket_directories'), ',', 1)), ''), '127.0.0.1')),
    current_setting('port'),
    async.quote_conninfo_value(current_database()::TEXT),
    async.quote_conninfo_value(session_user::TEXT)));
$$;
COMMENT ON FUNCTION async.build_self_conninfo() IS 'Engine: how the orchestrator connects to its own database';
