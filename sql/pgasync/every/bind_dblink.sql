CREATE OR REPLACE FUNCTION async.bind_dblink() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes async.dblink_*() point to the schema that holds dblink. Runs at install; a DBA who moves dblink with
 * ALTER EXTENSION … SET SCHEMA calls it again. Writes: pg_proc.
 */
DECLARE
  place TEXT;
BEGIN
  SELECT quote_ident(n.nspname) INTO STRICT place
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'dblink';

  EXECUTE replace($bindings$
    CREATE OR REPLACE FUNCTION async.dblink_connect(_name TEXT, _conninfo TEXT) RETURNS TEXT LANGUAGE sql
      AS $body$SELECT @dblink@.dblink_connect($1, $2)$body$;
    CREATE OR REPLACE FUNCTION async.dblink_disconnect(_name TEXT) RETURNS TEXT LANGUAGE sql
      AS $body$SELECT @dblink@.dblink_disconnect($1)$body$;
    CREATE OR REPLACE FUNCTION async.dblink_connections() RETURNS TEXT[] LANGUAGE sql
      AS $body$SELECT @dblink@.dblink_get_connections()$body$;
    CREATE OR REPLACE FUNCTION async.dblink_is_busy(_name TEXT) RETURNS INT LANGUAGE sql
      AS $body$SELECT @dblink@.dblink_is_busy($1)$body$;
    CREATE OR REPLACE FUNCTION async.dblink_send(_name TEXT, _query TEXT) RETURNS INT LANGUAGE sql
      AS $body$SELECT @dblink@.dblink_send_query($1, $2)$body$;
    CREATE OR REPLACE FUNCTION async.dblink_error(_name TEXT) RETURNS TEXT LANGUAGE sql
      AS $body$SELECT @dblink@.dblink_error_message($1)$body$;
    CREATE OR REPLACE FUNCTION async.dblink_result(_name TEXT) RETURNS SETOF TEXT LANGUAGE sql
      AS $body$SELECT r.answer FROM @dblink@.dblink_get_result($1) AS r(answer TEXT)$body$;
    CREATE OR REPLACE FUNCTION async.dblink_query(_name TEXT, _query TEXT) RETURNS SETOF TEXT LANGUAGE sql
      AS $body$SELECT r.answer FROM @dblink@.dblink($1, $2) AS r(answer TEXT)$body$;
  $bindings$, '@dblink@', place);
END;
$$;
COMMENT ON FUNCTION async.bind_dblink() IS
  'Points the engine to the schema that holds dblink; call it again after ALTER EXTENSION dblink SET SCHEMA';
SELECT async.bind_dblink();
