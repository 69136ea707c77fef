\echo Use "CREATE EXTENSION pgflow_ui" to load this file. \quit
-- pgflow_ui 1.0, put together from sql/pgflow_ui: edit the sources, not this file.
SET LOCAL search_path = pg_catalog, pg_temp;

DO $guard$
DECLARE
  installed TEXT;
BEGIN
  SELECT e.extversion INTO installed FROM pg_extension e WHERE e.extname = 'pgflow_server';
  IF installed IS DISTINCT FROM '1.0' THEN
    RAISE EXCEPTION 'extension "pgflow_ui" 1.0 needs extension "pgflow_server" 1.0, not %',
      installed
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run ALTER EXTENSION pgflow_server UPDATE TO ''1.0'' first.';
  END IF;
END
$guard$;

-- pgflow_ui/every/v_flow_status.sql
/* A run that has been restarted is shown as it is since then. */
CREATE VIEW flow.v_flow_status AS
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

-- pgflow_ui/every/v_flow_node_status.sql
/*
 * Nodes of runs, those to which nothing has happened, too. While a node is READY, its own task tells whether it runs.
 * Steps that have neither ended nor are in a batch are pending.
 */
CREATE VIEW flow.v_flow_node_status AS
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

-- pgflow_ui/every/v_flow_task.sql
CREATE VIEW flow.v_flow_task AS
SELECT
  r.flow_id,
  n.node,
  CASE WHEN t.is_member THEN t.argument END AS step_arguments,
  NOT t.is_member AS is_node,
  t.task_id,
  t.target,
  t.priority,
  t.entered,
  t.consumed,
  t.processed,
  t.yielded,
  t.finish_status,
  t.source,
  t.query,
  t.failed,
  t.processing_error,
  t.concurrency_pool,
  t.state,
  t.sqlstate
FROM flow.run r
JOIN async.v_task t ON t.owner_id = r.flow_id
JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.node_no = t.owner_item;
COMMENT ON VIEW flow.v_flow_task IS 'Tasks of runs: those of nodes (is_node) and of their steps';
COMMENT ON COLUMN flow.v_flow_task.flow_id IS 'Number of the run';
COMMENT ON COLUMN flow.v_flow_task.node IS 'Node that the task belongs to';
COMMENT ON COLUMN flow.v_flow_task.step_arguments IS
  'Arguments of the step; null for the task of the node itself';
COMMENT ON COLUMN flow.v_flow_task.is_node IS
  'True for the task of the node itself, false for that of a step';
COMMENT ON COLUMN flow.v_flow_task.task_id IS 'Number of the task';
COMMENT ON COLUMN flow.v_flow_task.target IS 'Target on which it runs';
COMMENT ON COLUMN flow.v_flow_task.priority IS 'That of its node and its run added up; lower runs first';
COMMENT ON COLUMN flow.v_flow_task.entered IS 'When it was queued';
COMMENT ON COLUMN flow.v_flow_task.consumed IS 'When its last attempt began; null: none has';
COMMENT ON COLUMN flow.v_flow_task.processed IS 'When it ended; null: it has not';
COMMENT ON COLUMN flow.v_flow_task.yielded IS
  'When its routine returned, to wait for an outside answer; null: it did not wait';
COMMENT ON COLUMN flow.v_flow_task.finish_status IS
  'How it ended: FINISHED, FAILED, CANCELED, TIMED_OUT, DOA, …; YIELDED while it waits for an answer; null: it has not';
COMMENT ON COLUMN flow.v_flow_task.source IS 'Free text that was pushed with it; null: none';
COMMENT ON COLUMN flow.v_flow_task.query IS 'What it runs; of a node or step, the call';
COMMENT ON COLUMN flow.v_flow_task.failed IS 'It has ended, but not FINISHED';
COMMENT ON COLUMN flow.v_flow_task.processing_error IS
  'Error message of the last attempt; null: there was none';
COMMENT ON COLUMN flow.v_flow_task.concurrency_pool IS 'Pool in which it counts';
COMMENT ON COLUMN flow.v_flow_task.state IS 'READY, RUNNING, YIELDED, or how it ended';
COMMENT ON COLUMN flow.v_flow_task.sqlstate IS 'SQLSTATE of the error, where it has one';

DO $revoke$
DECLARE
  object TEXT;
BEGIN
  FOR object IN
    WITH member AS (
      SELECT d.classid, d.objid
      FROM pg_depend d
      JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pgflow_ui'
    )
    SELECT format('SCHEMA %I', n.nspname)
    FROM member m
    JOIN pg_namespace n ON n.oid = m.objid
    WHERE m.classid = 'pg_namespace'::regclass
    UNION
    SELECT format('ROUTINE %s', m.objid::regprocedure)
    FROM member m
    WHERE m.classid = 'pg_proc'::regclass
    UNION
    SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass)
    FROM member m
    JOIN pg_class c ON c.oid = m.objid
    WHERE m.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION
    SELECT format('TYPE %s', t.oid::regtype)
    FROM member m
    JOIN pg_type t ON m.objid = CASE m.classid WHEN 'pg_class'::regclass THEN t.typrelid ELSE t.oid END
    WHERE m.classid IN ('pg_class'::regclass, 'pg_type'::regclass) AND t.typcategory <> 'A'
  LOOP
    EXECUTE 'REVOKE ALL ON ' || object || ' FROM PUBLIC';
  END LOOP;
END
$revoke$;
