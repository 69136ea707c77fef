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
