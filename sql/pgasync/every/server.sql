CREATE OR REPLACE FUNCTION async.server(_connection_string TEXT DEFAULT NULL, _allow_password BOOL DEFAULT false)
RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sets, when given, and returns the connection to the server that a session of this client uses outside of any task.
 *
 * _connection_string: as libpq takes it, or the name of a foreign server, whose user mapping then holds the secret; null
 * changes nothing; _allow_password: it may hold a password.
 * Returns it without the password, null where none is set.
 * Errors: 22023 a password that was not allowed.
 * Writes async.server_connection.
 */
#variable_conflict error
BEGIN
  IF _connection_string ~* 'password\s*=|^\s*postgres(ql)?://[^/@]*:[^/@]*@' AND NOT _allow_password THEN
    RAISE EXCEPTION 'connection string holds a password' USING
      ERRCODE = 'invalid_parameter_value',
      HINT = 'Keep it in a service file, a password file or the user mapping of a foreign server, or call'
             ' async.server(…, _allow_password => true).';
  ELSIF _connection_string IS NOT NULL THEN
    INSERT INTO async.server_connection(connection_string) VALUES (_connection_string)
    ON CONFLICT (singleton) DO UPDATE SET connection_string = EXCLUDED.connection_string;
  END IF;
  RETURN (
    SELECT regexp_replace(regexp_replace(
             c.connection_string, '(password\s*=\s*)(''(\\.|[^''\\])*''|(\\.|[^\s&\\])*)', '\1***', 'gi'),
             '^(\s*postgres(ql)?://[^/@:]*:)[^/@]*@', '\1***@', 'i')
    FROM async.server_connection c);
END;
$$;
COMMENT ON FUNCTION async.server(TEXT, BOOL) IS 'Gets or sets the connection of this client to its server';
