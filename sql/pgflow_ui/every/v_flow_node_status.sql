/*
 * Nodes of runs, those to which nothing has happened, too. While a node is READY, its own task tells whether it runs.
 * Steps that have neither ended nor are in a batch are pending.
 */
CREATE OR REPLACE VIEW flow.v_flow_node_status AS
SELECT
  r.flow_id,
  r.flow,
  n.node,
  n.target,
  own.consumed AS started,
  CASE WHEN seen.in_progress OR seen.state IN ('PENDING', 'READY') THEN NULL ELSE s.changed END AS finished,
  CASE seen.state
    WHEN 'PENDING' THEN 'Pending' WHEN 'READY' THEN 'Pending' WHEN 'RUNNING' THEN 'Running'
    WHEN 'RUNNING_STEPS' THEN 'Running Steps' WHEN 'YIELDED' THEN 'Running Async' WHEN 'FINISHED' THEN 'Finished'
    WHEN 'FAILED' THEN 'Failed' WHEN 'CANCELED' THEN 'Cancelled' WHEN 'TIMED_OUT' THEN 'Timed Out'
    WHEN 'SKIPPED' THEN 'Skipped' ELSE 'DOA' END AS status,
  coalesce(s.steps, 0) AS steps,
  greatest(coalesce(s.unfinished, 0) - coalesce(running.steps, 0), 0) AS steps_pending,
  coalesce(running.steps, 0) AS steps_running,
  coalesce(s.steps - s.unfinished - s.failed - s.canceled, 0) AS steps_finished,
  coalesce(s.failed, 0) AS steps_failed,
  n.all_steps_must_complete,
  CASE WHEN own.consumed IS NOT NULL THEN
    CASE WHEN seen.in_progress THEN pg_catalog.clock_timestamp() ELSE s.changed END - own.consumed END AS run_time,
  coalesce(s.changed, r.requested) AS changed,
  seen.in_progress,
  seen.state,
  s.error,
  coalesce(s.canceled, 0) AS steps_canceled
FROM flow.run r
JOIN flow.definition_node n ON n.definition_id = r.definition_id
LEFT JOIN LATERAL flow.find_node_state(r.flow_id, n.node_no) s ON true
LEFT JOIN LATERAL
(
  SELECT t.state, t.consumed
  FROM async.v_task t
  WHERE t.owner_id = r.flow_id AND t.owner_item = n.node_no AND t.key = '00000000-0000-0000-0000-000000000000'
) own ON true
LEFT JOIN LATERAL
(
  SELECT pg_catalog.sum(pg_catalog.cardinality(b.task_ids)) AS steps
  FROM async.batch b
  JOIN async.lane l ON l.lane_id = b.lane_id
  WHERE l.owner_id = r.flow_id AND l.owner_item = n.node_no
) running ON true
CROSS JOIN LATERAL
(
  SELECT x.state, x.state IN ('RUNNING', 'YIELDED', 'RUNNING_STEPS') AS in_progress
  FROM
  (
    SELECT CASE
      WHEN s.state = 'READY' AND own.state IN ('RUNNING', 'YIELDED') THEN own.state
      ELSE coalesce(s.state, 'PENDING')
    END
  ) x(state)
) seen;
COMMENT ON VIEW flow.v_flow_node_status IS
  'Nodes of runs: state (PENDING, READY, RUNNING, RUNNING_STEPS, YIELDED, or how it ended), steps by theirs';
COMMENT ON COLUMN flow.v_flow_node_status.flow_id IS 'Number of the run';
COMMENT ON COLUMN flow.v_flow_node_status.flow IS 'Name of its flow';
COMMENT ON COLUMN flow.v_flow_node_status.node IS 'Name of the node';
COMMENT ON COLUMN flow.v_flow_node_status.target IS 'Target on which its routines run; null for a mere joint';
COMMENT ON COLUMN flow.v_flow_node_status.started IS
  'When its own routine was last sent to its target; null: it was not, or the node has none';
COMMENT ON COLUMN flow.v_flow_node_status.finished IS 'When the node ended; null: it has not';
COMMENT ON COLUMN flow.v_flow_node_status.status IS
  'To read: Pending, Running, Running Steps, Running Async, Finished, Failed, Cancelled, Skipped, Timed Out or DOA';
COMMENT ON COLUMN flow.v_flow_node_status.steps IS 'All steps that it has been given, each once';
COMMENT ON COLUMN flow.v_flow_node_status.steps_pending IS
  'Steps that wait, for a place or for their retry; those that have yielded, too';
COMMENT ON COLUMN flow.v_flow_node_status.steps_running IS
  'Steps that have been sent to a session and have not been reported back';
COMMENT ON COLUMN flow.v_flow_node_status.steps_finished IS 'Steps that ended FINISHED';
COMMENT ON COLUMN flow.v_flow_node_status.steps_failed IS 'Steps that ended neither FINISHED nor CANCELED';
COMMENT ON COLUMN flow.v_flow_node_status.all_steps_must_complete IS
  'As configured: one failed step fails the node';
COMMENT ON COLUMN flow.v_flow_node_status.run_time IS
  'From started to finished, or until now; null: its own routine was not sent';
COMMENT ON COLUMN flow.v_flow_node_status.changed IS
  'When the state of the node last changed; of one that has not begun, when the run was asked for';
COMMENT ON COLUMN flow.v_flow_node_status.in_progress IS
  'Its routine or its steps are running, or it waits for its outside answer';
COMMENT ON COLUMN flow.v_flow_node_status.state IS
  'PENDING, READY, RUNNING, RUNNING_STEPS, YIELDED, or how it ended: FINISHED, FAILED, TIMED_OUT, CANCELED, SKIPPED, DOA';
COMMENT ON COLUMN flow.v_flow_node_status.error IS 'Why the node failed; null: it has not';
COMMENT ON COLUMN flow.v_flow_node_status.steps_canceled IS 'Steps that ended CANCELED';
