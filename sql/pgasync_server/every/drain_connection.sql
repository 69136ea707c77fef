CREATE OR REPLACE FUNCTION async.drain_connection(_connection TEXT, _sqlstate TEXT) RETURNS BOOL
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads what follows an error on a connection. Only an error that could be the connection's own is looked into, since
 * asking takes a round trip. SHOW needs no snapshot, for which a session that has made itself deferrable would wait.
 *
 * _connection: its name for dblink; _sqlstate: of the error.
 * Returns whether the connection is still there.
 */
#variable_conflict error
BEGIN
  PERFORM FROM async.dblink_result(_connection);
  IF _sqlstate LIKE '08%' OR _sqlstate LIKE '57P%' OR _sqlstate LIKE 'XX%' THEN
    PERFORM FROM async.dblink_query(_connection, 'SHOW server_version_num');
  END IF;
  RETURN true;
EXCEPTION
  WHEN query_canceled THEN
    RETURN true;  -- it is there, and has left itself next to no time
  WHEN OTHERS OR assert_failure THEN
    RETURN false;
END;
$$;
COMMENT ON FUNCTION async.drain_connection(TEXT, TEXT) IS 'Engine: reads what follows an error on a connection';
