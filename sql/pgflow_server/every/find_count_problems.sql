CREATE OR REPLACE FUNCTION flow.find_count_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The counters of a node are what its steps give: tasks by their results, as far as the node could be told of them, and
 * steps that are no tasks yet. Steps that were stopped before they became tasks are canceled ones, steps that could not
 * become tasks failed ones, of which nothing else is left.
 *
 * Returns a row a problem.
 */
WITH task AS
(
  SELECT t.owner_id AS flow_id, t.owner_item AS node_no, count(*) FILTER (WHERE r.task_id IS NULL) AS unfinished,
         count(*) FILTER (WHERE r.status NOT IN ('FINISHED', 'CANCELED')) AS failed,
         count(*) FILTER (WHERE r.status = 'CANCELED') AS canceled, count(*) FILTER (WHERE r.status = 'FINISHED') AS finished
  FROM async.task t
  LEFT JOIN async.result r ON r.task_id = t.task_id
    AND NOT EXISTS (SELECT FROM async.undelivered u WHERE u.task_id = t.task_id)
  WHERE t.key <> '00000000-0000-0000-0000-000000000000'
  GROUP BY t.owner_id, t.owner_item
), chunk AS
(
  SELECT c.flow_id, c.node_no, sum(cardinality(c.steps)) AS steps
  FROM (SELECT k.flow_id, k.node_no, k.steps FROM flow.chunk k
        UNION ALL SELECT p.flow_id, p.node_no, p.steps FROM flow.parked_chunk p) c
  GROUP BY c.flow_id, c.node_no
), counted AS
(
  SELECT n.*, coalesce(t.unfinished, 0) + coalesce(c.steps, 0) AS has_unfinished, coalesce(t.failed, 0) AS has_failed,
         coalesce(t.canceled, 0) AS has_canceled, coalesce(t.finished, 0) AS has_finished
  FROM flow.list_node_states() n
  LEFT JOIN task t ON t.flow_id = n.flow_id AND t.node_no = n.node_no
  LEFT JOIN chunk c ON c.flow_id = n.flow_id AND c.node_no = n.node_no
)
SELECT x.check_name, c.name, x.message
FROM counted c
CROSS JOIN LATERAL (
  VALUES
    ('step_counter',
     CASE WHEN c.unfinished <> c.has_unfinished OR c.failed < c.has_failed OR c.canceled < c.has_canceled
                 OR c.steps <> c.unfinished + c.failed + c.canceled + c.has_finished THEN
       format('counts %s steps, of them %s unfinished, %s failed and %s canceled, and has %s unfinished, %s failed, '
              '%s canceled and %s finished ones', c.steps, c.unfinished, c.failed, c.canceled, c.has_unfinished,
              c.has_failed, c.has_canceled, c.has_finished) END),
    ('node_left_running',
     CASE WHEN c.state = 'RUNNING_STEPS' AND c.has_unfinished = 0 THEN 'is RUNNING_STEPS, and all its steps have ended' END),
    ('open_step_of_ended_node',
     CASE WHEN c.ended IS NOT NULL AND c.has_unfinished > 0 THEN
       format('is %s, and has %s steps that have not ended', c.state, c.has_unfinished) END),
    ('node_finished_in_spite',
     CASE WHEN c.state = 'FINISHED' AND c.all_must AND c.has_failed + c.has_canceled > 0 THEN
       'is FINISHED, and a step failed of those that must all complete' END)) x(check_name, message)
WHERE x.message IS NOT NULL;
$$;
COMMENT ON FUNCTION flow.find_count_problems() IS 'Engine: nodes whose counters or states do not follow from their steps';
