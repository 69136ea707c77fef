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
