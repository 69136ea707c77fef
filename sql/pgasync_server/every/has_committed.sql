CREATE OR REPLACE FUNCTION async.has_committed(_connection TEXT) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether the task that failed last on a connection had committed something by itself: each task sets
 * pgflow.task, which the rollback of an uncommitted task undoes. Takes a round trip to a session that has just
 * answered; SHOW needs no snapshot, for which one that has made itself deferrable would wait.
 *
 * _connection: its name for dblink.
 * Returns null when it does not say.
 */
#variable_conflict error
BEGIN
  RETURN (SELECT q.answer <> '' FROM async.dblink_query(_connection, 'SHOW pgflow.task') q(answer));
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION async.has_committed(TEXT) IS 'Engine: whether a failed task had committed something by itself';
