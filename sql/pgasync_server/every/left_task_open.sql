CREATE OR REPLACE FUNCTION async.left_task_open(_connection TEXT) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether the task that failed last on a connection had committed something by itself: async.task_begin() sets pgflow.task,
 * which the rollback of an uncommitted task undoes. Takes a round trip to a session that has just answered.
 */
BEGIN
  RETURN (
    SELECT q.answer <> ''
    FROM async.dblink_query(_connection, 'SELECT pg_catalog.current_setting(''pgflow.task'', true)') q(answer));
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION async.left_task_open(TEXT) IS 'Engine: whether a failed task had committed something by itself';
