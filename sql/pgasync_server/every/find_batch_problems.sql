CREATE OR REPLACE FUNCTION async.find_batch_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A batch is of a lane and a target that there are, assigned by an orchestrator that there was, and no session has two.
 *
 * Returns a row a problem.
 */
SELECT 'batch_of_unknown_lane', format('batch %s', b.batch_id), format('is of lane %s, which does not exist', b.lane_id)
FROM async.batch b WHERE NOT EXISTS (SELECT FROM async.lane l WHERE l.lane_id = b.lane_id)

UNION ALL
SELECT 'batch_of_unknown_target', format('batch %s', b.batch_id), format('runs on target %s, which does not exist', b.target_id)
FROM async.batch b WHERE NOT EXISTS (SELECT FROM async.target t WHERE t.target_id = b.target_id)

UNION ALL
SELECT 'batch_on_wrong_target', format('batch %s', b.batch_id),
       format('runs on target %s, and its lane %s is for target %s', b.target_id, l.lane_id, l.target_id)
FROM async.batch b JOIN async.lane l ON l.lane_id = b.lane_id
WHERE l.target_id <> b.target_id

UNION ALL
SELECT 'batch_of_wrong_lane', format('batch %s', b.batch_id),
       format('is of lane %s, and task %s of lane %s', b.lane_id, t.task_id, t.lane_id)
FROM async.batch b
CROSS JOIN LATERAL unnest(b.task_ids) u(task_id)
JOIN async.task t ON t.task_id = u.task_id
WHERE t.lane_id IS DISTINCT FROM b.lane_id

UNION ALL
SELECT 'batch_of_unknown_epoch', format('batch %s', b.batch_id),
       format('was assigned in epoch %s, and the newest is %s', b.epoch, coalesce(e.newest::TEXT, 'none'))
FROM async.batch b CROSS JOIN (SELECT max(o.epoch) AS newest FROM async.epoch o) e
WHERE b.epoch > coalesce(e.newest, 0)

UNION ALL
SELECT 'session_with_two_batches', format('process %s of target %s', b.pid, b.target_id),
       format('runs batches %s', string_agg(b.batch_id::TEXT, ', ' ORDER BY b.batch_id))
FROM async.batch b
GROUP BY b.target_id, b.pid, b.backend_start
HAVING count(*) > 1 AND b.pid IS NOT NULL;
$$;
COMMENT ON FUNCTION async.find_batch_problems() IS 'Engine: batches that cannot be';
