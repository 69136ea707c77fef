CREATE OR REPLACE VIEW async.v_target_status AS
SELECT
  t.target,
  t.target = (SELECT c.self_target FROM async.control c) AS is_self,
  t.enabled,
  t.max_concurrency,
  count(b.batch_id) AS batches_running,
  coalesce(sum(cardinality(b.task_ids)), 0) AS tasks_assigned,
  min(b.assigned) AS oldest,
  (SELECT count(*) FROM async.offer o WHERE o.target_id = t.target_id AND o.taken IS NULL) AS tasks_offered,
  (SELECT count(*) FROM async.offer o WHERE o.target_id = t.target_id AND o.taken IS NOT NULL) AS tasks_taken
FROM async.target t LEFT JOIN async.batch b ON b.target_id = t.target_id
GROUP BY t.target_id;
COMMENT ON VIEW async.v_target_status IS 'Targets and what runs on them now';
COMMENT ON COLUMN async.v_target_status.target IS 'Name of the target';
COMMENT ON COLUMN async.v_target_status.is_self IS 'It is this database';
COMMENT ON COLUMN async.v_target_status.enabled IS
  'Whether it is used; the tasks of one that is not stay queued';
COMMENT ON COLUMN async.v_target_status.max_concurrency IS 'Most tasks that run on it at once';
COMMENT ON COLUMN async.v_target_status.batches_running IS
  'Messages that its sessions work on, one a session';
COMMENT ON COLUMN async.v_target_status.tasks_assigned IS
  'Tasks in these messages; those of a message run one after the other';
COMMENT ON COLUMN async.v_target_status.oldest IS
  'When the oldest of these messages was assigned; null: nothing runs';
COMMENT ON COLUMN async.v_target_status.tasks_offered IS 'Tasks without a query that a worker may take, see async.get_tasks()';
COMMENT ON COLUMN async.v_target_status.tasks_taken IS 'Tasks without a query that workers have, and have not finished';
