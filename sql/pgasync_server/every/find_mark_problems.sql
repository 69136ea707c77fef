CREATE OR REPLACE FUNCTION async.find_mark_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is noted about a task belongs to one that it can be noted of. A doom is that of a task that runs, or marks one that
 * has ended, or was put off, where it waited, until its lane has passed it; an early answer is for a task that runs; results
 * and attempts
 * are of tasks that are kept.
 *
 * Returns a row a problem.
 */
WITH running AS
(
  SELECT DISTINCT u.task_id FROM async.batch b CROSS JOIN LATERAL unnest(b.task_ids) u(task_id)
), reached AS
(
  SELECT p.lane_id, max(p.seq) AS seq FROM async.lane_position p GROUP BY p.lane_id
)
SELECT 'stray_doom', format('task %s', d.task_id),
       CASE WHEN t.task_id IS NULL THEN 'does not exist, and is to end ' || d.status
            WHEN r.task_id IS NULL THEN 'waits, and its lane would pass it over, although it has no result'
            ELSE 'has ended, and is still to end ' || d.status END
FROM async.doom d
LEFT JOIN running n ON n.task_id = d.task_id
LEFT JOIN async.task t ON t.task_id = d.task_id
LEFT JOIN async.result r ON r.task_id = d.task_id
LEFT JOIN reached p ON p.lane_id = t.lane_id
LEFT JOIN async.delayed y ON y.task_id = d.task_id
WHERE n.task_id IS NULL
  AND (t.seq > coalesce(p.seq, 0) AND (r.task_id IS NOT NULL OR y.task_id IS NOT NULL)) IS NOT true

UNION ALL
SELECT 'stray_early_finish', format('task %s', e.task_id), 'has an answer that waits for its end, and does not run'
FROM async.early_finish e
LEFT JOIN running n ON n.task_id = e.task_id
WHERE n.task_id IS NULL

UNION ALL
SELECT 'stray_result', format('task %s', r.task_id), 'has a result, and does not exist'
FROM async.result r WHERE NOT EXISTS (SELECT FROM async.task t WHERE t.task_id = r.task_id)

UNION ALL
SELECT 'stray_attempt', format('task %s', a.task_id), format('has an attempt %s, and does not exist', a.attempt)
FROM async.attempt a WHERE NOT EXISTS (SELECT FROM async.task t WHERE t.task_id = a.task_id);
$$;
COMMENT ON FUNCTION async.find_mark_problems() IS 'Engine: what is noted of tasks that it cannot be noted of';
