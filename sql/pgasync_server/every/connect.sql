CREATE OR REPLACE FUNCTION async.connect(_name TEXT, _conninfo TEXT, _is_self BOOL) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens a connection, waiting for it 3 s at most. Up to PostgreSQL 16 dblink heeds connect_timeout; from 17 on it
 * does not, but can be canceled, and a session of this server does that when the time is up.
 *
 * _name: for dblink; _conninfo: where to; _is_self: to this database, which needs no watching.
 * Errors: those of the connection, 08006 when the time is up.
 */
#variable_conflict error
DECLARE
  complaint TEXT;
BEGIN
  IF _is_self OR current_setting('server_version_num')::INT < 170000 THEN
    PERFORM async.dblink_connect(_name, _conninfo);
    RETURN;
  END IF;
  PERFORM async.start_watchdog(3);
  BEGIN
    PERFORM async.dblink_connect(_name, _conninfo);
  EXCEPTION
    WHEN query_canceled THEN complaint := 'connecting took longer than 3 s';
    WHEN OTHERS THEN complaint := SQLERRM;
  END;
  PERFORM async.stop_watchdog();
  IF complaint IS NOT NULL THEN
    RAISE EXCEPTION '%', complaint USING ERRCODE = 'connection_failure';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.connect(TEXT, TEXT, BOOL) IS 'Engine: opens a connection, waiting for it 3 s at most';
