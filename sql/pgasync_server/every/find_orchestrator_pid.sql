CREATE OR REPLACE FUNCTION async.find_orchestrator_pid() RETURNS INT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Process id of the session that runs async.main() in this database, or null.
 *
 * Reads pg_locks, async.control.
 */
SELECT l.pid
FROM pg_locks l CROSS JOIN async.control c
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND l.classid::BIGINT = (c.advisory_mutex_id >> 32) & 4294967295
  AND l.objid::BIGINT = c.advisory_mutex_id & 4294967295
LIMIT 1;
$$;
COMMENT ON FUNCTION async.find_orchestrator_pid() IS 'Engine: process id of the running orchestrator, or null';
