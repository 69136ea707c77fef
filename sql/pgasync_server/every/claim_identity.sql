CREATE OR REPLACE FUNCTION async.claim_identity() RETURNS UUID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes this database a server of its own, under a new identity. For a database that was restored or cloned from a
 * server. What ran when the copy was made runs again here.
 *
 * Returns the identity.
 * Writes async.identity; locks it EXCLUSIVE.
 */
#variable_conflict error
DECLARE
  drawn UUID := md5(concat(clock_timestamp(), random(), pg_backend_pid(), txid_current()))::UUID;
BEGIN
  LOCK TABLE async.identity IN EXCLUSIVE MODE;
  DELETE FROM async.identity;
  INSERT INTO async.identity(server, system_identifier, database)
  SELECT drawn, c.system_identifier, d.oid
  FROM pg_control_system() c CROSS JOIN pg_database d
  WHERE d.datname = current_database();
  RETURN drawn;
END;
$$;
COMMENT ON FUNCTION async.claim_identity() IS 'Makes a restored or cloned database a server of its own';
