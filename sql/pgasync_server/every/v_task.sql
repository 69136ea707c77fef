CREATE OR REPLACE VIEW async.v_task AS
SELECT
  t.task_id,
  g.target,
  l.priority,
  t.entered,
  coalesce(r.started, y.started, b.assigned, o.taken) AS consumed,
  r.ended AS processed,
  coalesce(y.yielded, r.yielded) AS yielded,
  CASE WHEN y.task_id IS NOT NULL THEN 'YIELDED' ELSE r.status END AS finish_status,
  coalesce(t.query, l.call) AS query,
  r.status IS NOT NULL AND r.status <> 'FINISHED' AS failed,
  r.error AS processing_error,
  r.sqlstate,
  p.concurrency_pool,
  t.source,
  t.task_data,
  CASE WHEN r.task_id IS NOT NULL THEN r.status
       WHEN y.task_id IS NOT NULL THEN 'YIELDED'
       WHEN b.batch_id IS NOT NULL OR o.taken IS NOT NULL THEN 'RUNNING'
       ELSE 'READY' END AS state,
  t.owner_id,
  t.owner_item,
  coalesce(l.owner_item <> 0, t.key <> '00000000-0000-0000-0000-000000000000', false) AS is_member,
  t.argument,
  b.batch_id,
  t.key
FROM async.task t
LEFT JOIN async.lane l ON l.lane_id = t.lane_id
LEFT JOIN async.target g ON g.target_id = l.target_id
LEFT JOIN async.concurrency_pool p ON p.pool_id = l.pool_id
LEFT JOIN async.result r ON r.task_id = t.task_id
LEFT JOIN async.yielded y ON y.task_id = t.task_id
LEFT JOIN
(
  SELECT u.task_id, a.batch_id, a.assigned
  FROM async.batch a CROSS JOIN LATERAL unnest(a.task_ids) u(task_id)
) b ON b.task_id = t.task_id
LEFT JOIN
(
  SELECT f.task_id, max(f.taken) AS taken FROM async.offer f GROUP BY f.task_id
) o ON o.task_id = t.task_id;
COMMENT ON VIEW async.v_task IS
  'Tasks: pushed (entered), started (consumed), ended (processed); state READY, RUNNING, YIELDED or how it ended';
COMMENT ON COLUMN async.v_task.task_id IS 'Number of the task';
COMMENT ON COLUMN async.v_task.target IS 'Target on which it runs';
COMMENT ON COLUMN async.v_task.priority IS 'Lower runs first';
COMMENT ON COLUMN async.v_task.entered IS 'When it was queued';
COMMENT ON COLUMN async.v_task.consumed IS 'When its last attempt began; null: none has';
COMMENT ON COLUMN async.v_task.processed IS 'When it ended; null: it has not';
COMMENT ON COLUMN async.v_task.yielded IS
  'When its routine returned, to wait for an outside answer; null: it did not wait';
COMMENT ON COLUMN async.v_task.finish_status IS
  'How it ended: FINISHED, FAILED, CANCELED, TIMED_OUT, DOA, …; YIELDED while it waits for an answer; null: it has not';
COMMENT ON COLUMN async.v_task.query IS 'What it runs';
COMMENT ON COLUMN async.v_task.failed IS 'It has ended, but not FINISHED';
COMMENT ON COLUMN async.v_task.processing_error IS 'Error message of the last attempt; null: there was none';
COMMENT ON COLUMN async.v_task.sqlstate IS 'SQLSTATE of the error, where it has one';
COMMENT ON COLUMN async.v_task.concurrency_pool IS 'Pool in which it counts';
COMMENT ON COLUMN async.v_task.source IS 'Free text that was pushed with it; null: none';
COMMENT ON COLUMN async.v_task.task_data IS 'JSON that was pushed with it; null: none';
COMMENT ON COLUMN async.v_task.state IS 'READY, RUNNING, YIELDED, or how it ended';
COMMENT ON COLUMN async.v_task.owner_id IS 'Engine: what it belongs to in the extension that owns it: a run';
COMMENT ON COLUMN async.v_task.owner_item IS 'Engine: which part of that: a node';
COMMENT ON COLUMN async.v_task.is_member IS 'Engine: whether it is one of many of that part: a step';
COMMENT ON COLUMN async.v_task.argument IS 'Engine: argument of its call';
COMMENT ON COLUMN async.v_task.batch_id IS 'Engine: message in which it runs';
COMMENT ON COLUMN async.v_task.key IS 'Engine: tells it apart from others of that part';
