/* A run that has been restarted is shown as it is since then. */
CREATE OR REPLACE VIEW flow.v_flow_status AS
SELECT
  r.flow_id,
  r.flow,
  CASE WHEN s.state IN ('FINISHED', 'FAILED', 'CANCELED') THEN 'Yes' ELSE 'No' END AS complete,
  (pg_catalog.date_trunc(
    'milliseconds', coalesce(s.ended, pg_catalog.clock_timestamp()) - coalesce(again.requested, r.requested)))::TEXT AS run_time,
  d.nodes AS count_nodes,
  d.nodes - coalesce(s.unresolved, d.nodes) AS count_finished_nodes,
  coalesce(s.failed, 0) AS count_failed_nodes,
  r.arguments,
  CASE WHEN s.failed > 0 THEN flow.find_first_error(r.flow_id) END AS first_error,
  coalesce(s.state, 'RUNNING') AS state,
  coalesce(again.requested, r.requested) AS started,
  s.ended,
  coalesce(again.restart_no, 0) AS restarts
FROM flow.run r
JOIN flow.definition d ON d.definition_id = r.definition_id
LEFT JOIN LATERAL
(
  SELECT l.state, l.unresolved, l.failed, CASE WHEN l.state <> 'RUNNING' THEN l.changed END AS ended
  FROM flow.run_state l
  WHERE l.flow_id = r.flow_id
  ORDER BY l.state_no DESC
  LIMIT 1
) s ON true
LEFT JOIN LATERAL
(
  SELECT x.restart_no, x.requested
  FROM flow.restart x
  WHERE x.flow_id = r.flow_id
  ORDER BY x.restart_no DESC
  LIMIT 1
) again ON true;
COMMENT ON VIEW flow.v_flow_status IS 'Runs: state RUNNING, FINISHED, FAILED or CANCELED, nodes resolved so far, the first error';
COMMENT ON COLUMN flow.v_flow_status.flow_id IS 'Number of the run, as flow.run_flow() returned it';
COMMENT ON COLUMN flow.v_flow_status.flow IS 'Name of its flow';
COMMENT ON COLUMN flow.v_flow_status.complete IS 'Yes or No: whether the run has ended, well or not';
COMMENT ON COLUMN flow.v_flow_status.run_time IS
  'From the request to the end, or until now, to the millisecond: text made for reading';
COMMENT ON COLUMN flow.v_flow_status.count_nodes IS 'All nodes of the flow';
COMMENT ON COLUMN flow.v_flow_status.count_finished_nodes IS 'Nodes that have ended, however they did';
COMMENT ON COLUMN flow.v_flow_status.count_failed_nodes IS
  'Nodes that ended FAILED, TIMED_OUT, DOA or CANCELED';
COMMENT ON COLUMN flow.v_flow_status.arguments IS 'As passed to flow.run_flow()';
COMMENT ON COLUMN flow.v_flow_status.first_error IS
  'Error of the node that failed, timed out or was canceled first; null: there was none';
COMMENT ON COLUMN flow.v_flow_status.state IS 'RUNNING, FINISHED, FAILED or CANCELED';
COMMENT ON COLUMN flow.v_flow_status.started IS 'When the run was asked for';
COMMENT ON COLUMN flow.v_flow_status.ended IS 'When it ended; null: it has not';
COMMENT ON COLUMN flow.v_flow_status.restarts IS 'How often flow.restart_flow() has run it again';
