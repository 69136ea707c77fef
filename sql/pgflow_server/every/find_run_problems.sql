CREATE OR REPLACE FUNCTION flow.find_run_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The counters of a run are what its nodes give, its state follows from them, and it is open until it has ended. A run,
 * or its restart, has begun once the orchestrator has taken in requests by a snapshot that had seen it; what
 * is below xmin of a snapshot had ended by then, subtransactions too.
 *
 * Returns a row a problem.
 */
WITH told AS
(
  SELECT DISTINCT ON (s.flow_id) s.* FROM flow.run_state s ORDER BY s.flow_id DESC, s.state_no DESC
), counted AS
(
  SELECT n.flow_id, count(*) FILTER (WHERE n.state IN ('PENDING', 'READY', 'RUNNING_STEPS')) AS unresolved,
         count(*) FILTER (WHERE n.state IN ('FAILED', 'TIMED_OUT', 'DOA', 'CANCELED')) AS failed
  FROM flow.list_node_states() n GROUP BY n.flow_id
)
SELECT 'run_counter', format('run %s', s.flow_id),
       format('counts %s unresolved nodes and %s failed ones, and has %s and %s',
              s.unresolved, s.failed, coalesce(c.unresolved, 0), coalesce(c.failed, 0))
FROM told s
JOIN flow.arguments a ON a.flow_id = s.flow_id
LEFT JOIN counted c ON c.flow_id = s.flow_id
WHERE (s.unresolved, s.failed) IS DISTINCT FROM (coalesce(c.unresolved, 0), coalesce(c.failed, 0))
  AND NOT EXISTS (SELECT FROM flow.restart x WHERE x.flow_id = s.flow_id AND x.begun IS NULL)

UNION ALL
SELECT 'run_state', format('run %s', s.flow_id),
       format('is %s with %s unresolved nodes and %s failed ones%s', s.state, s.unresolved, s.failed,
              CASE WHEN s.canceled THEN ', canceled' END)
FROM told s
WHERE s.state <> CASE WHEN s.unresolved > 0 THEN 'RUNNING' WHEN s.canceled THEN 'CANCELED'
                      WHEN s.failed > 0 THEN 'FAILED' ELSE 'FINISHED' END

UNION ALL
SELECT 'run_ended_twice', format('run %s', s.flow_id), format('has ended %s times', count(*))
FROM flow.run_state s
WHERE s.state <> 'RUNNING'
  AND (s.state_no > (SELECT max(x.state_no) FROM flow.restart x WHERE x.flow_id = s.flow_id)) IS NOT false
GROUP BY s.flow_id HAVING count(*) > 1

UNION ALL
SELECT 'open_run', format('run %s', coalesce(r.flow_id, o.flow_id)),
       CASE WHEN r.flow_id IS NULL THEN 'is open, and does not exist'
            WHEN o.flow_id IS NULL THEN 'has not ended, and is not open'
            ELSE format('is open, and has ended %s', s.state) END
FROM flow.run r
LEFT JOIN told s ON s.flow_id = r.flow_id
FULL JOIN flow.open_run o ON o.flow_id = r.flow_id
WHERE r.flow_id IS NULL OR (coalesce(s.state, 'RUNNING') = 'RUNNING') <> (o.flow_id IS NOT NULL)

UNION ALL
SELECT 'run_not_begun', format('run %s', r.flow_id), 'was asked for, and has not begun although later requests were taken in'
FROM (SELECT n.flow_id, n.xmin FROM flow.run n
      WHERE NOT EXISTS (SELECT FROM flow.run_state s WHERE s.flow_id = n.flow_id)
      UNION ALL SELECT x.flow_id, x.xmin FROM flow.restart x WHERE x.begun IS NULL) r
WHERE EXISTS (
  SELECT FROM async.intake i
  WHERE i.target_id = 0
    AND (txid_snapshot_xmin(i.snapshot) - 1 - r.xmin::TEXT::BIGINT) & 4294967295 < 2147483648);
$$;
COMMENT ON FUNCTION flow.find_run_problems() IS 'Engine: runs whose counters or states are wrong';
