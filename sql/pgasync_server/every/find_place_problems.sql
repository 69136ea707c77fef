CREATE OR REPLACE FUNCTION async.find_place_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A task that has no result is in one place where tasks wait or run; one that has is in none. What waits in a lane counts
 * only if an orchestrator that starts would look there, and not if the lane is to pass it over: then it waits elsewhere.
 *
 * Returns a row a problem.
 */
WITH open_task AS
(
  SELECT t.task_id, t.lane_id, t.seq
  FROM async.task t WHERE NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id)
), reached AS
(
  SELECT p.lane_id, max(p.seq) AS seq FROM async.lane_position p GROUP BY p.lane_id
), place AS
(
  SELECT t.task_id, 'waits in lane ' || t.lane_id AS name
  FROM open_task t
  JOIN async.open_lane o ON o.lane_id = t.lane_id
  LEFT JOIN reached p ON p.lane_id = t.lane_id
  WHERE t.seq > coalesce(p.seq, 0) AND NOT EXISTS (SELECT FROM async.doom d WHERE d.task_id = t.task_id)
  UNION ALL
  SELECT q.task_id, 'waits to go again in lane ' || q.lane_id FROM async.requeue q
  UNION ALL
  SELECT d.task_id, 'waits to go again at ' || d.due FROM async.delayed d
  UNION ALL
  SELECT y.task_id, 'waits for its finish' FROM async.yielded y
  UNION ALL
  SELECT o.task_id, CASE WHEN o.taken IS NULL THEN 'is offered to workers' ELSE 'a worker has it' END
  FROM async.offer o WHERE async.is_offer_good(o.offer_no, o.task_id)
  UNION ALL
  SELECT u.task_id, 'runs in batch ' || b.batch_id FROM async.batch b CROSS JOIN LATERAL unnest(b.task_ids) u(task_id)
), found AS
(
  SELECT p.task_id, count(*) AS places, string_agg(p.name, ', and ' ORDER BY p.name) AS names
  FROM place p GROUP BY p.task_id
)
SELECT CASE WHEN f.task_id IS NULL THEN 'lost_task' WHEN t.task_id IS NOT NULL THEN 'task_in_two_places'
            WHEN r.task_id IS NOT NULL THEN 'place_of_ended_task' ELSE 'place_of_unknown_task' END,
       format('task %s', coalesce(t.task_id, f.task_id)),
       CASE WHEN f.task_id IS NULL THEN 'has no result, and neither waits nor runs anywhere'
            WHEN t.task_id IS NOT NULL THEN f.names
            WHEN r.task_id IS NOT NULL THEN concat('has ended, and ', f.names)
            ELSE concat('does not exist, and ', f.names) END
FROM open_task t
FULL JOIN found f ON f.task_id = t.task_id
LEFT JOIN async.result r ON r.task_id = f.task_id
WHERE t.task_id IS NULL OR f.task_id IS NULL OR f.places > 1;
$$;
COMMENT ON FUNCTION async.find_place_problems() IS 'Engine: tasks that are not in one place';
