CREATE OR REPLACE FUNCTION flow.find_claim_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A node that is in a mutex has claimed it while it runs, and while it could run if nobody that it excludes did; no two that
 * run exclude each other, and none waits for nobody.
 *
 * Returns a row a problem.
 */
WITH node AS
(
  SELECT n.*, d.mutexes FROM flow.list_node_states() n
  JOIN flow.definition_node d ON d.definition_id = n.definition_id AND d.node_no = n.node_no
), claim AS
(
  SELECT m.*, coalesce(n.name, format('run %s, node number %s', m.flow_id, m.node_no)) AS name, n.state, n.unmet
  FROM flow.mutex_claim m LEFT JOIN node n ON n.flow_id = m.flow_id AND n.node_no = m.node_no
)
SELECT 'node_without_claim', n.name, format('is %s, and does not hold the mutexes that it is in', n.state)
FROM node n
WHERE n.mutexes > 0 AND n.state IN ('READY', 'RUNNING_STEPS')
  AND NOT EXISTS (SELECT FROM flow.mutex_claim m WHERE m.flow_id = n.flow_id AND m.node_no = n.node_no AND m.held)

UNION ALL
SELECT 'stray_claim', c.name, format('is %s, and %s mutexes', coalesce(c.state, 'not there'),
              CASE WHEN c.held THEN 'holds' ELSE 'waits for' END)
FROM claim c
WHERE (CASE WHEN c.held THEN c.state IN ('READY', 'RUNNING_STEPS') ELSE c.state = 'PENDING' AND c.unmet = 0 END) IS NOT true

UNION ALL
SELECT 'mutex_held_twice', a.name, format('runs, and so does %s', b.name)
FROM claim a
JOIN claim b ON b.flow = a.flow AND b.held AND (b.flow_id, b.node_no) > (a.flow_id, a.node_no)
WHERE a.held AND flow.exclude_each_other(a.definition_id, a.node_no, b.definition_id, b.node_no)

UNION ALL
SELECT 'claim_left_waiting', c.name, 'waits for a mutex, and nobody that it excludes runs or has waited longer'
FROM unnest(flow.find_free_nodes(ARRAY(SELECT DISTINCT m.flow FROM flow.mutex_claim m))) f
JOIN claim c ON c.flow_id = f.flow_id AND c.node_no = f.node_no;
$$;
COMMENT ON FUNCTION flow.find_claim_problems() IS 'Engine: mutexes that are not claimed as they should be';
