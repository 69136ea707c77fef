CREATE OR REPLACE VIEW async.v_worker_info AS
SELECT b.batch_id, t.target, p.concurrency_pool, b.pid, b.backend_start, b.assigned, b.task_ids
FROM async.batch b
JOIN async.lane l ON l.lane_id = b.lane_id
LEFT JOIN async.target t ON t.target_id = b.target_id
LEFT JOIN async.concurrency_pool p ON p.pool_id = l.pool_id;
COMMENT ON VIEW async.v_worker_info IS 'Sessions that run tasks now, and which';
