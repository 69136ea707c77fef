CREATE OR REPLACE VIEW async.v_worker_info AS
SELECT b.batch_id, t.target, p.concurrency_pool, b.pid, b.backend_start, b.assigned, b.task_ids
FROM async.batch b
JOIN async.lane l ON l.lane_id = b.lane_id
LEFT JOIN async.target t ON t.target_id = b.target_id
LEFT JOIN async.concurrency_pool p ON p.pool_id = l.pool_id;
COMMENT ON VIEW async.v_worker_info IS 'Sessions that run tasks now, and which';
COMMENT ON COLUMN async.v_worker_info.batch_id IS 'Number of the message that the session works on';
COMMENT ON COLUMN async.v_worker_info.target IS 'Target; null: it has been removed';
COMMENT ON COLUMN async.v_worker_info.concurrency_pool IS 'Pool in which its tasks count';
COMMENT ON COLUMN async.v_worker_info.pid IS 'Process id of the session, on the target';
COMMENT ON COLUMN async.v_worker_info.backend_start IS
  'When that session began: tells it from a later one of the same pid';
COMMENT ON COLUMN async.v_worker_info.assigned IS 'When the message was assigned to it';
COMMENT ON COLUMN async.v_worker_info.task_ids IS
  'Tasks of the message, those that it has ended already, too';
