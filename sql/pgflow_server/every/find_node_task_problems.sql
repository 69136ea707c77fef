CREATE OR REPLACE FUNCTION flow.find_node_task_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The state of a node follows from that of its own task, the one with the key of zeros: there is none before it is READY
 * (unless it has finished, and the run was restarted since), and while it is, that task has no result that the node could be
 * told of.
 *
 * Returns a row a problem.
 */
WITH own AS
(
  SELECT t.owner_id AS flow_id, t.owner_item AS node_no, r.status
  FROM async.task t
  LEFT JOIN async.result r ON r.task_id = t.task_id
    AND NOT EXISTS (SELECT FROM async.undelivered u WHERE u.task_id = t.task_id)
  WHERE t.key = '00000000-0000-0000-0000-000000000000'
), judged AS
(
  SELECT n.*, o.flow_id IS NOT NULL AS has_task, o.status AS task_status
  FROM flow.list_node_states() n
  LEFT JOIN own o ON o.flow_id = n.flow_id AND o.node_no = n.node_no
)
SELECT x.check_name, j.name, x.message
FROM judged j
CROSS JOIN LATERAL (
  VALUES
    ('node_without_task',
     CASE WHEN NOT j.has_task AND NOT j.is_empty AND j.state IN ('READY', 'RUNNING_STEPS', 'FINISHED', 'FAILED') THEN
       format('is %s, and has no task', j.state) END),
    ('task_of_waiting_node',
     CASE WHEN j.has_task AND (j.state = 'PENDING' AND (NOT j.resumed OR j.task_status IS DISTINCT FROM 'FINISHED')
                               OR j.is_empty) THEN
       format('is %s%s, and has a task', j.state, CASE WHEN j.is_empty THEN ', calls nothing' END) END),
    ('node_not_told',
     CASE WHEN j.state = 'READY' AND j.task_status IS NOT NULL THEN
       format('is READY, and its task has ended %s', j.task_status) END),
    ('node_ahead_of_task',
     CASE WHEN j.has_task AND j.task_status IS NULL AND j.state NOT IN ('PENDING', 'READY') THEN
       format('is %s, and its task has not ended', j.state) END),
    ('node_belies_task',
     CASE WHEN j.state = 'FINISHED' AND j.task_status <> 'FINISHED' THEN
       format('is FINISHED, and its task has ended %s', j.task_status) END)) x(check_name, message)
WHERE x.message IS NOT NULL;
$$;
COMMENT ON FUNCTION flow.find_node_task_problems() IS 'Engine: nodes whose states do not follow from their own task';
