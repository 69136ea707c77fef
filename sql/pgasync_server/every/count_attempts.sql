CREATE OR REPLACE FUNCTION async.count_attempts(
  _task_id BIGINT,
  OUT attempts INT,
  OUT counted INT,
  OUT lost INT,
  OUT clashed INT) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Counts the attempts at a task that were not its last, and how many of them count since it was last restarted.
 *
 * _task_id: the task.
 * Returns all of them, and since then those that count against its retries, those that were interrupted, and those that
 * clashed with another transaction.
 * Reads async.attempt.
 */
SELECT count(*)::INT, count(*) FILTER (WHERE a.counted AND NOT a.past)::INT,
       count(*) FILTER (WHERE a.status = 'INTERRUPTED' AND NOT a.past)::INT,
       count(*) FILTER (WHERE a.sqlstate IN ('40001', '40P01') AND NOT a.counted AND NOT a.past)::INT
FROM async.attempt a WHERE a.task_id = _task_id;
$$;
COMMENT ON FUNCTION async.count_attempts(BIGINT) IS 'Engine: how often a task has been tried in vain';
