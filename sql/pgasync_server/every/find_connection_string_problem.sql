CREATE OR REPLACE FUNCTION async.find_connection_string_problem(_connection_string TEXT, _allow_password BOOL)
RETURNS TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with a connection string, or null. The string itself is never part of the answer.
 *
 * _connection_string: a conninfo, or the name of a foreign server; null is right. A URI is refused: nothing can be put
 * behind it.
 * _allow_password: it may hold a password. A word that ends in "password" before an equals sign is taken for one,
 * quoted or not, as is what follows a colon in the user part of a URI.
 */
SELECT CASE
  WHEN NOT _allow_password
    AND _connection_string ~* 'password\s*=|^\s*postgres(ql)?://[^/@]*:[^/@]*@'
  THEN 'holds a password'
  WHEN _connection_string ~* '^\s*postgres(ql)?://'
  THEN 'is a URI: write it as a conninfo, such as "host=… dbname=…"'
  WHEN NOT async.is_conninfo(_connection_string)
    AND NOT EXISTS (SELECT FROM pg_foreign_server s WHERE s.srvname = _connection_string)
  THEN 'is neither a conninfo nor the name of a foreign server of this database'
  WHEN async.is_conninfo(_connection_string)
    AND EXISTS (SELECT FROM async.parse_conninfo(_connection_string) p WHERE p.keyword IS NULL)
  THEN 'is not well-formed: it takes pairs of keyword=value, a value with blanks in single quotes'
END;
$$;
COMMENT ON FUNCTION async.find_connection_string_problem(TEXT, BOOL) IS
  'Engine: what is wrong with a connection string, without telling it';
