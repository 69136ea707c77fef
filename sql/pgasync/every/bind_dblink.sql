CREATE OR REPLACE FUNCTION async.bind_dblink() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes async.dblink_*() point to the schema that holds dblink. Runs at install; a DBA who moves dblink with ALTER
 * EXTENSION … SET SCHEMA calls it again.
 *
 * Errors: P0002 when dblink is not installed.
 * Replaces the functions async.dblink_*().
 */
#variable_conflict error
DECLARE
  place TEXT;
BEGIN
  SELECT n.nspname::TEXT INTO STRICT place
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'dblink';

  EXECUTE format($bindings$
    CREATE OR REPLACE FUNCTION async.dblink_connect(_name TEXT, _conninfo TEXT) RETURNS TEXT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_connect($1, $2)$body$;
    COMMENT ON FUNCTION async.dblink_connect(TEXT, TEXT) IS 'Engine: opens a connection under a name';
    CREATE OR REPLACE FUNCTION async.dblink_disconnect(_name TEXT) RETURNS TEXT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_disconnect($1)$body$;
    COMMENT ON FUNCTION async.dblink_disconnect(TEXT) IS 'Engine: closes a connection';
    CREATE OR REPLACE FUNCTION async.dblink_connections() RETURNS TEXT[] LANGUAGE sql AS
      $body$SELECT %1$I.dblink_get_connections()$body$;
    COMMENT ON FUNCTION async.dblink_connections() IS 'Engine: names of this session''s connections, or null';
    CREATE OR REPLACE FUNCTION async.dblink_is_busy(_name TEXT) RETURNS INT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_is_busy($1)$body$;
    COMMENT ON FUNCTION async.dblink_is_busy(TEXT) IS 'Engine: 1 while what was sent over a connection is under way';
    CREATE OR REPLACE FUNCTION async.dblink_send(_name TEXT, _query TEXT) RETURNS INT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_send_query($1, $2)$body$;
    COMMENT ON FUNCTION async.dblink_send(TEXT, TEXT) IS 'Engine: sends a query and does not wait; 1 if it was sent';
    CREATE OR REPLACE FUNCTION async.dblink_error(_name TEXT) RETURNS TEXT LANGUAGE sql AS
      $body$SELECT %1$I.dblink_error_message($1)$body$;
    COMMENT ON FUNCTION async.dblink_error(TEXT) IS 'Engine: last error of a connection, or OK';
    CREATE OR REPLACE FUNCTION async.dblink_result(_name TEXT) RETURNS SETOF TEXT LANGUAGE sql AS
      $body$SELECT r.answer FROM %1$I.dblink_get_result($1) AS r(answer pg_catalog.TEXT)$body$;
    COMMENT ON FUNCTION async.dblink_result(TEXT) IS 'Engine: one column of what was sent, as text';
    CREATE OR REPLACE FUNCTION async.dblink_query(_name TEXT, _query TEXT) RETURNS SETOF TEXT LANGUAGE sql AS
      $body$SELECT r.answer FROM %1$I.dblink($1, $2) AS r(answer pg_catalog.TEXT)$body$;
    COMMENT ON FUNCTION async.dblink_query(TEXT, TEXT) IS 'Engine: runs a query of one column and waits for it';
  $bindings$, place);
END;
$$;
COMMENT ON FUNCTION async.bind_dblink() IS
  'Points the engine to the schema that holds dblink; call it again after ALTER EXTENSION dblink SET SCHEMA';
SELECT async.bind_dblink();
