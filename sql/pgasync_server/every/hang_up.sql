CREATE OR REPLACE FUNCTION async.hang_up(_connection TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Closes a dblink connection of this session, if there is one of that name.
 *
 * _connection: its name.
 */
#variable_conflict error
BEGIN
  IF _connection = ANY(async.dblink_connections()) THEN
    PERFORM async.dblink_disconnect(_connection);
  END IF;
EXCEPTION WHEN OTHERS THEN
  NULL;  -- one that is broken is as good as closed
END;
$$;
COMMENT ON FUNCTION async.hang_up(TEXT) IS 'Engine: closes a connection';
