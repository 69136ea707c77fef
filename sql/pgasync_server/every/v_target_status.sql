CREATE OR REPLACE VIEW async.v_target_status AS
SELECT
  t.target,
  t.connection_string IS NULL AS is_self,
  t.enabled,
  t.max_concurrency,
  count(b.batch_id) AS batches_running,
  coalesce(sum(cardinality(b.task_ids)), 0) AS tasks_assigned,
  min(b.assigned) AS oldest
FROM async.target t LEFT JOIN async.batch b ON b.target_id = t.target_id
GROUP BY t.target_id;
COMMENT ON VIEW async.v_target_status IS 'Targets and what runs on them now';
