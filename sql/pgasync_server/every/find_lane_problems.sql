CREATE OR REPLACE FUNCTION async.find_lane_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lanes are there as long as anything is in them, and those that may get tasks lead to a target and a pool that there are.
 *
 * Returns a row a problem.
 */
WITH named AS
(
  SELECT 'a task' AS what, t.lane_id FROM async.task t WHERE t.lane_id IS NOT NULL
  UNION SELECT 'async.open_lane', o.lane_id FROM async.open_lane o
  UNION SELECT 'async.doomed_lane', d.lane_id FROM async.doomed_lane d
  UNION SELECT 'async.lane_position', p.lane_id FROM async.lane_position p
  UNION SELECT 'async.requeue', q.lane_id FROM async.requeue q
  UNION SELECT 'async.delayed', d.lane_id FROM async.delayed d
  UNION SELECT 'async.yielded', y.lane_id FROM async.yielded y
  UNION SELECT 'async.offer', o.lane_id FROM async.offer o
)
SELECT 'unknown_lane', format('lane %s', n.lane_id), format('does not exist, and %s names it', n.what)
FROM named n WHERE NOT EXISTS (SELECT FROM async.lane l WHERE l.lane_id = n.lane_id)

UNION ALL
SELECT 'doomed_lane_closed', format('lane %s', d.lane_id), 'is being canceled, and is not open'
FROM async.doomed_lane d WHERE NOT EXISTS (SELECT FROM async.open_lane o WHERE o.lane_id = d.lane_id)

UNION ALL
SELECT 'requeue_in_closed_lane', format('task %s', q.task_id),
       format('waits to go again in lane %s, which is not open', q.lane_id)
FROM async.requeue q WHERE NOT EXISTS (SELECT FROM async.open_lane o WHERE o.lane_id = q.lane_id)

UNION ALL
SELECT 'lane_leads_nowhere', format('lane %s', l.lane_id),
       format('is open, and its target %s or its pool %s does not exist', l.target_id, l.pool_id)
FROM async.open_lane o
JOIN async.lane l ON l.lane_id = o.lane_id
LEFT JOIN async.target t ON t.target_id = l.target_id
LEFT JOIN async.concurrency_pool p ON p.pool_id = l.pool_id
WHERE t.target_id IS NULL OR p.pool_id IS NULL

UNION ALL
SELECT 'task_in_wrong_lane', format('task %s', t.task_id),
       format('is of %s, item %s, and its lane %s of %s, item %s', t.owner_id, t.owner_item, l.lane_id, l.owner_id, l.owner_item)
FROM async.task t JOIN async.lane l ON l.lane_id = t.lane_id
WHERE t.owner_id <> l.owner_id OR l.owner_item NOT IN (0, t.owner_item) OR t.seq IS NULL

UNION ALL
SELECT 'task_waits_in_wrong_lane', format('task %s', w.task_id),
       format('is of lane %s, and waits in lane %s', t.lane_id, w.lane_id)
FROM (SELECT q.task_id, q.lane_id FROM async.requeue q
      UNION ALL SELECT d.task_id, d.lane_id FROM async.delayed d
      UNION ALL SELECT y.task_id, y.lane_id FROM async.yielded y
      UNION ALL SELECT o.task_id, o.lane_id FROM async.offer o) w
JOIN async.task t ON t.task_id = w.task_id
WHERE t.lane_id IS DISTINCT FROM w.lane_id

UNION ALL
SELECT 'stray_intake', format('target %s', i.target_id), 'does not exist, and its requests have been taken in'
FROM async.intake i WHERE i.target_id <> 0 AND NOT EXISTS (SELECT FROM async.target t WHERE t.target_id = i.target_id);
$$;
COMMENT ON FUNCTION async.find_lane_problems() IS 'Engine: lanes that are not as their tasks need them';
