CREATE TABLE flow.arguments
(
  flow_id BIGINT,
  flow TEXT NOT NULL,
  arguments JSONB,
  CONSTRAINT arguments_pk PRIMARY KEY (flow_id)
);
COMMENT ON TABLE flow.arguments IS
  'Arguments of runs that have had work in this database, so that they need not be sent with each task';
COMMENT ON COLUMN flow.arguments.flow_id IS 'Run';
COMMENT ON COLUMN flow.arguments.flow IS 'Its flow';
COMMENT ON COLUMN flow.arguments.arguments IS 'As passed to flow.run_flow()';
