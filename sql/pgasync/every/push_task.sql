CREATE OR REPLACE FUNCTION async.push_task(
  _task async.task_push_t,
  _run_type async.task_run_type_t DEFAULT 'EXECUTE',
  _source TEXT DEFAULT NULL) RETURNS BIGINT LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Queues one task.
 *
 * _task, _run_type, _source: as in async.push_tasks().
 * Returns its id.
 * Errors: as async.push_tasks().
 * Writes async.request.
 */
SELECT async.push_tasks(ARRAY[_task], _run_type, _source);
$$;
COMMENT ON FUNCTION async.push_task(async.task_push_t, async.task_run_type_t, TEXT) IS
  'Queues one task and returns its id';
