CREATE OR REPLACE FUNCTION async.hang_up_all() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Closes all of the engine's connections of this session. What runs on them goes on, and is watched by the next
 * orchestrator.
 */
#variable_conflict error
BEGIN
  PERFORM async.hang_up(c) FROM unnest(async.dblink_connections()) c WHERE c LIKE 'pgflow\_%';
END;
$$;
COMMENT ON FUNCTION async.hang_up_all() IS 'Engine: closes all of its connections';
