CREATE OR REPLACE FUNCTION async.server(_connection_string TEXT DEFAULT NULL) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sets, when given, and returns the connection to the server that a session of this client uses outside of any task.
 *
 * _connection_string: as libpq takes it; null changes nothing.
 * Returns null where none is set.
 * Writes async.server_connection.
 */
#variable_conflict error
BEGIN
  IF _connection_string IS NOT NULL THEN
    INSERT INTO async.server_connection(connection_string) VALUES (_connection_string)
    ON CONFLICT (singleton) DO UPDATE SET connection_string = EXCLUDED.connection_string;
  END IF;
  RETURN (SELECT c.connection_string FROM async.server_connection c);
END;
$$;
COMMENT ON FUNCTION async.server(TEXT) IS 'Gets or sets the connection of this client to its server';
