CREATE OR REPLACE VIEW flow.v_flow_task AS
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
