CREATE TYPE flow.callback_arguments_t AS
(
  flow_id BIGINT,         /* as created by run_flow() */
  flow TEXT,              /* as created by configure_flow() */
  flow_arguments JSONB,   /* as passed to run_flow() */
  node TEXT,              /* this node of processing chain */
  step_arguments JSONB,   /* arguments particular to this step of the node */
  task_id BIGINT          /* async task id */
);
COMMENT ON TYPE flow.callback_arguments_t IS
  'The one argument of every callback routine: in which run, node and step it is called';
