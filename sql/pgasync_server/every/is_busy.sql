CREATE OR REPLACE FUNCTION async.is_busy(_connection TEXT) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether what was sent over a connection is still under way. One whose other end has gone is not, although
 * libpq of PostgreSQL 11 goes on saying so: asking makes it read, and an error is noted then.
 *
 * _connection: its name for dblink.
 */
#variable_conflict error
BEGIN
  RETURN async.dblink_is_busy(_connection) = 1 AND async.dblink_error(_connection) = 'OK';
END;
$$;
COMMENT ON FUNCTION async.is_busy(TEXT) IS 'Engine: whether what was sent is still under way';
