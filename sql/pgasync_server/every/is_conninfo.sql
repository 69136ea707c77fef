CREATE OR REPLACE FUNCTION async.is_conninfo(_connection_string TEXT) RETURNS BOOL LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a connection string is meant to be a conninfo; otherwise it is the name of a foreign server.
 *
 * _connection_string: as configured.
 */
SELECT _connection_string ~ '^\s*[A-Za-z_]+\s*=';
$$;
COMMENT ON FUNCTION async.is_conninfo(TEXT) IS 'Engine: whether a connection string is a conninfo, or names a foreign server';
