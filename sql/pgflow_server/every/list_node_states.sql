CREATE OR REPLACE FUNCTION flow.list_node_states(
  OUT flow_id BIGINT,
  OUT node_no INT,
  OUT name TEXT,
  OUT definition_id BIGINT,
  OUT is_empty BOOL,
  OUT all_must BOOL,
  OUT state TEXT,
  OUT unmet INT,
  OUT spoiled BOOL,
  OUT steps INT,
  OUT unfinished INT,
  OUT failed INT,
  OUT canceled INT,
  OUT began BIGINT,
  OUT ended BIGINT,
  OUT ends BIGINT,
  OUT resumed BOOL) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Every node of every run that has begun, with the state that it is in, also where nothing has happened to it yet. A run
 * without its arguments is being removed piece by piece, and has nothing left to ask for. One that was restarted has begun
 * when that has been taken up; of a node that it runs again only what has happened since then counts.
 *
 * Returns name: how a problem names it; is_empty, all_must: it has no routine, all its steps must complete; began, ended:
 * numbers of the states in which it first began or was DOA, and ended (a SKIPPED one once all before it
 * has); ends: how often it has ended; resumed: it waits, and its
 * routine has finished; the others as in
 * flow.node_state.
 */
WITH newest AS
(
  SELECT DISTINCT ON (s.flow_id, s.node_no) s.*,
         (SELECT max(x.state_no) FROM flow.restart x WHERE x.flow_id = s.flow_id AND x.state_no < s.state_no) AS since
  FROM flow.node_state s ORDER BY s.flow_id DESC, s.node_no DESC, s.state_no DESC
), history AS
(
  SELECT s.flow_id, s.node_no,
         min(s.state_no) FILTER (WHERE s.state NOT IN ('PENDING', 'CANCELED', 'SKIPPED')) AS began,
         min(s.state_no) FILTER (WHERE s.state NOT IN ('PENDING', 'READY', 'RUNNING_STEPS')) AS ended,
         count(*) FILTER (WHERE s.state NOT IN ('PENDING', 'READY', 'RUNNING_STEPS', 'SKIPPED'))
           + max((s.state = 'SKIPPED')::INT) AS ends
  FROM flow.node_state s
  JOIN newest n ON n.flow_id = s.flow_id AND n.node_no = s.node_no AND (s.state_no > n.since) IS NOT false
  GROUP BY s.flow_id, s.node_no
)
SELECT r.flow_id, n.node_no, format('run %s, node %s', r.flow_id, n.node), n.definition_id, n.empty, n.all_steps_must_complete,
       coalesce(s.state, 'PENDING'), coalesce(s.unmet, n.parents), coalesce(s.spoiled, false), coalesce(s.steps, 0),
       coalesce(s.unfinished, 0), coalesce(s.failed, 0), coalesce(s.canceled, 0), h.began,
       CASE WHEN s.state = 'SKIPPED' THEN CASE WHEN s.unmet = 0 THEN s.state_no END ELSE h.ended END, coalesce(h.ends, 0),
       coalesce(s.resumed AND s.state = 'PENDING', false)
FROM flow.run r
JOIN flow.definition_node n ON n.definition_id = r.definition_id
LEFT JOIN newest s ON s.flow_id = r.flow_id AND s.node_no = n.node_no
LEFT JOIN history h ON h.flow_id = r.flow_id AND h.node_no = n.node_no
WHERE EXISTS (SELECT FROM flow.run_state b WHERE b.flow_id = r.flow_id)
  AND EXISTS (SELECT FROM flow.arguments a WHERE a.flow_id = r.flow_id)
  AND NOT EXISTS (SELECT FROM flow.restart x WHERE x.flow_id = r.flow_id AND x.begun IS NULL);
$$;
COMMENT ON FUNCTION flow.list_node_states() IS 'Engine: every node of every run with the state that it is in';
