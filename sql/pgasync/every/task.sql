CREATE OR REPLACE FUNCTION async.task(
  _query TEXT,
  _target TEXT,
  _task_data JSONB DEFAULT NULL,
  _priority INT DEFAULT 0,
  _concurrency_pool TEXT DEFAULT NULL,
  _manual_timeout INTERVAL DEFAULT NULL,
  _track_yielded BOOL DEFAULT NULL,
  _raw BOOL DEFAULT false) RETURNS async.task_push_t LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Builds one task for async.push_tasks(): the fields of async.task_push_t, in the order in which they matter to a
 * caller.
 *
 * _query, _target, _task_data, _priority, _concurrency_pool, _manual_timeout, _track_yielded, _raw: see
 * async.task_push_t.
 */
SELECT ROW(
  _task_data, _target, _priority, _query, _concurrency_pool, _manual_timeout, _track_yielded, _raw)::async.task_push_t;
$$;
COMMENT ON FUNCTION async.task(TEXT, TEXT, JSONB, INT, TEXT, INTERVAL, BOOL, BOOL) IS
  'Builds one task for async.push_tasks()';
