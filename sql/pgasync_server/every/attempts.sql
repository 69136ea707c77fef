CREATE OR REPLACE FUNCTION async.attempts(_task_id BIGINT, attempts OUT INT, counted OUT INT, lost OUT INT, clashed OUT INT)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* How many attempts at a task were not its last: all, those that count, those interrupted, and those that clashed. */
SELECT count(*)::INT, count(*) FILTER (WHERE a.counted)::INT, count(*) FILTER (WHERE a.status = 'INTERRUPTED')::INT,
       count(*) FILTER (WHERE a.sqlstate IN ('40001', '40P01') AND NOT a.counted)::INT
FROM async.attempt a WHERE a.task_id = _task_id;
$$;
COMMENT ON FUNCTION async.attempts(BIGINT) IS 'Engine: how often a task has been tried in vain';
