CREATE OR REPLACE FUNCTION async.get_libpq_options() RETURNS TEXT[] LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The options of foreign servers and user mappings that libpq knows, of PostgreSQL 11 to 18: a foreign server may have
 * others, which are for its wrapper, and cannot have one that the libpq of its own server does not know.
 */
SELECT '{
  channel_binding, dbname, gssdelegation, gssencmode, gsslib, host, hostaddr, krbsrvname, load_balance_hosts,
  max_protocol_version, min_protocol_version, options, passfile, password, port, require_auth, requirepeer, service,
  servicefile, ssl_max_protocol_version, ssl_min_protocol_version, sslcert, sslcertmode, sslcompression, sslcrl, sslcrldir,
  sslkey, sslmode, sslnegotiation, sslpassword, sslrootcert, sslsni, target_session_attrs, user}'::TEXT[];
$$;
COMMENT ON FUNCTION async.get_libpq_options() IS 'Engine: options of foreign servers that are for libpq';
