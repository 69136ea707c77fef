CREATE OR REPLACE VIEW flow.v_flow_status AS
SELECT
  r.flow_id,
  r.flow,
  CASE WHEN s.state IN ('FINISHED', 'FAILED', 'CANCELED') THEN 'Yes' ELSE 'No' END AS complete,
  (pg_catalog.date_trunc('milliseconds', coalesce(s.ended, pg_catalog.clock_timestamp()) - r.requested))::TEXT AS run_time,
  d.nodes AS count_nodes,
  d.nodes - coalesce(s.unresolved, d.nodes) AS count_finished_nodes,
  coalesce(s.failed, 0) AS count_failed_nodes,
  r.arguments,
  (
    SELECT n.error
    FROM flow.node_state n
    WHERE n.flow_id = r.flow_id AND n.error IS NOT NULL AND n.state IN ('FAILED', 'TIMED_OUT', 'CANCELED')
    ORDER BY n.state_no
    LIMIT 1
  ) AS first_error,
  coalesce(s.state, 'RUNNING') AS state,
  r.requested AS started,
  s.ended
FROM flow.run r
JOIN flow.definition d ON d.definition_id = r.definition_id
LEFT JOIN LATERAL
(
  SELECT l.state, l.unresolved, l.failed, CASE WHEN l.state <> 'RUNNING' THEN l.changed END AS ended
  FROM flow.run_state l
  WHERE l.flow_id = r.flow_id
  ORDER BY l.state_no DESC
  LIMIT 1
) s ON true;
COMMENT ON VIEW flow.v_flow_status IS 'Runs: state RUNNING, FINISHED, FAILED or CANCELED, nodes resolved so far, the first error';
