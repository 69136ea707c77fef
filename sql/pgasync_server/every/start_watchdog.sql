CREATE OR REPLACE FUNCTION async.start_watchdog(_seconds FLOAT8) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has another session of this server cancel what this one does after a time, unless async.stop_watchdog() comes
 * first.
 *
 * _seconds: the time.
 * Errors: those of the connection.
 */
#variable_conflict error
BEGIN
  IF NOT 'pgflow_watchdog' = ANY(coalesce(async.dblink_connections(), '{}')) THEN
    PERFORM async.dblink_connect(
      'pgflow_watchdog', async.build_conninfo(async.build_self_conninfo(), NULL, 'pgflow watchdog', true));
  END IF;
  PERFORM async.dblink_send('pgflow_watchdog', format(
    'SELECT pg_catalog.pg_cancel_backend(%L) FROM (SELECT pg_catalog.pg_sleep(%L) OFFSET 0) s',
    pg_backend_pid(), _seconds));
END;
$$;
COMMENT ON FUNCTION async.start_watchdog(FLOAT8) IS
  'Engine: has another session cancel what this one does after a time';
