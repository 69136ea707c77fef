CREATE TYPE flow.callback_arguments_t AS
(
  flow_id BIGINT,
  flow TEXT,
  flow_arguments JSONB,
  node TEXT,
  step_arguments JSONB,
  task_id BIGINT
);
COMMENT ON TYPE flow.callback_arguments_t IS
  'The one argument of every callback routine: in which run, node and step it is called';
COMMENT ON COLUMN flow.callback_arguments_t.flow_id IS 'Number of the run, as created by flow.run_flow()';
COMMENT ON COLUMN flow.callback_arguments_t.flow IS 'Name of the flow, as created by flow.configure_flow()';
COMMENT ON COLUMN flow.callback_arguments_t.flow_arguments IS 'As passed to flow.run_flow()';
COMMENT ON COLUMN flow.callback_arguments_t.node IS 'This node of the processing chain';
COMMENT ON COLUMN flow.callback_arguments_t.step_arguments IS
  'Arguments particular to this step of the node; null for the routine of the node itself';
COMMENT ON COLUMN flow.callback_arguments_t.task_id IS 'Number of the task';
