CREATE OR REPLACE FUNCTION flow.find_leftover_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Nothing is there of runs and nodes that are not, steps wait only for nodes that may still begin them, stopped ones are
 * of nodes that fail, and the lanes of a run that has ended are closed. Arguments are kept of runs only, unless another
 * server uses this database too.
 *
 * Returns a row a problem.
 */
WITH named AS
(
  SELECT 'flow.run_state' AS what, s.flow_id FROM flow.run_state s
  UNION SELECT 'flow.node_state', s.flow_id FROM flow.node_state s
  UNION SELECT 'flow.chunk', c.flow_id FROM flow.chunk c
  UNION SELECT 'flow.parked_chunk', c.flow_id FROM flow.parked_chunk c
  UNION SELECT 'flow.stopped_chunk', c.flow_id FROM flow.stopped_chunk c
  UNION SELECT 'flow.restart', x.flow_id FROM flow.restart x
  UNION SELECT 'flow.mutex_claim', m.flow_id FROM flow.mutex_claim m
  UNION SELECT 'flow.arguments_sent', a.flow_id FROM flow.arguments_sent a
  UNION SELECT 'async.lane', l.owner_id FROM async.lane l WHERE l.owner = 'flow'
  UNION SELECT 'async.task', t.owner_id FROM async.task t WHERE t.key IS NOT NULL
  UNION SELECT 'flow.arguments', a.flow_id FROM flow.arguments a
  WHERE NOT EXISTS (SELECT FROM async.fence f WHERE f.server IS DISTINCT FROM (SELECT i.server FROM async.identity i))
)
SELECT 'unknown_run', format('run %s', n.flow_id), format('does not exist, and %s has rows of it', n.what)
FROM named n WHERE NOT EXISTS (SELECT FROM flow.run r WHERE r.flow_id = n.flow_id)

UNION ALL
SELECT 'run_without_definition', format('run %s', r.flow_id), format('is of definition %s, which does not exist', r.definition_id)
FROM flow.run r WHERE NOT EXISTS (SELECT FROM flow.definition d WHERE d.definition_id = r.definition_id)

UNION ALL
SELECT 'run_without_arguments', format('run %s', o.flow_id), 'is open, and flow.arguments has no row of it'
FROM flow.open_run o WHERE NOT EXISTS (SELECT FROM flow.arguments a WHERE a.flow_id = o.flow_id)

UNION ALL
SELECT 'unknown_node', format('run %s, node number %s', k.flow_id, k.node_no),
       format('does not exist, and %s has rows of it', k.what)
FROM (SELECT 'flow.node_state' AS what, s.flow_id, s.node_no FROM flow.node_state s
      UNION SELECT 'async.task', t.owner_id, t.owner_item FROM async.task t WHERE t.key IS NOT NULL) k
JOIN flow.run r ON r.flow_id = k.flow_id
WHERE NOT EXISTS (SELECT FROM flow.definition_node n WHERE n.definition_id = r.definition_id AND n.node_no = k.node_no)

UNION ALL
SELECT 'stray_steps', n.name, format('is %s, and steps wait in %s', n.state, c.what)
FROM (SELECT DISTINCT 'flow.chunk' AS what, k.flow_id, k.node_no, ARRAY['READY', 'RUNNING_STEPS'] AS states FROM flow.chunk k
      UNION ALL
      SELECT DISTINCT 'flow.parked_chunk', p.flow_id, p.node_no, ARRAY['PENDING', 'READY'] FROM flow.parked_chunk p
      UNION ALL
      SELECT DISTINCT 'flow.stopped_chunk', t.flow_id, t.node_no,
             ARRAY['READY', 'RUNNING_STEPS', 'FAILED', 'TIMED_OUT', 'CANCELED', 'DOA']
      FROM flow.stopped_chunk t) c
JOIN flow.list_node_states() n ON n.flow_id = c.flow_id AND n.node_no = c.node_no
WHERE NOT n.state = ANY(c.states)

UNION ALL
SELECT 'open_lane_of_ended_run', format('run %s', l.owner_id), format('has ended, and its lane %s is open', l.lane_id)
FROM async.open_lane o
JOIN async.lane l ON l.lane_id = o.lane_id AND l.owner = 'flow'
WHERE NOT EXISTS (SELECT FROM flow.open_run u WHERE u.flow_id = l.owner_id)
  AND NOT EXISTS (SELECT FROM async.doomed_lane d WHERE d.lane_id = o.lane_id);
$$;
COMMENT ON FUNCTION flow.find_leftover_problems() IS 'Engine: what is left of runs and nodes that have ended or are gone';
