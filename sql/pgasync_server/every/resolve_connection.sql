CREATE OR REPLACE FUNCTION async.resolve_connection(_connection_string TEXT) RETURNS TEXT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A connection string as libpq takes it. The name of a foreign server gives what its wrapper, it, and the user mapping of
 * this session's role say to libpq, a later one over an earlier one. Made anew for each connection, and kept nowhere: it
 * may hold the secret. dblink would take the name itself, but no settings of the engine's besides.
 *
 * _connection_string: as configured.
 * Errors: 42704 a foreign server that is not there or has no mapping for the role, 42501 one that the role may not use.
 * Reads pg_foreign_data_wrapper, pg_foreign_server, pg_user_mappings.
 */
#variable_conflict error
DECLARE
  foreign_server pg_foreign_server;
  mapping pg_user_mappings;
BEGIN
  IF async.is_conninfo(_connection_string) THEN
    RETURN _connection_string;
  END IF;
  SELECT s.* INTO foreign_server FROM pg_foreign_server s WHERE s.srvname = _connection_string;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'foreign server does not exist' USING ERRCODE = 'undefined_object';
  ELSIF NOT has_server_privilege(foreign_server.oid, 'USAGE') THEN
    RAISE EXCEPTION 'role "%" may not use foreign server "%"', current_user, _connection_string USING
      ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT m.* INTO mapping
  FROM pg_user_mappings m
  WHERE m.srvid = foreign_server.oid AND (m.usename = current_user OR m.umuser = 0)
  ORDER BY m.umuser DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'foreign server "%" has no user mapping for role "%"', _connection_string, current_user USING
      ERRCODE = 'undefined_object';
  END IF;
  RETURN (
    SELECT coalesce(string_agg(format('%s=%s', o.option_name, async.quote_conninfo_value(o.option_value)), ' ' ORDER BY p.n), '')
    FROM (SELECT 1, w.fdwoptions FROM pg_foreign_data_wrapper w WHERE w.oid = foreign_server.srvfdw
          UNION ALL SELECT 2, foreign_server.srvoptions
          UNION ALL SELECT 3, mapping.umoptions) p(n, options)
    CROSS JOIN LATERAL pg_options_to_table(p.options) o
    WHERE o.option_name = ANY(async.get_libpq_options()));
END;
$$;
COMMENT ON FUNCTION async.resolve_connection(TEXT) IS 'Engine: a connection string as libpq takes it';
