CREATE TABLE flow.arguments
(
  flow_id BIGINT PRIMARY KEY,
  flow TEXT NOT NULL,
  arguments JSONB
);
COMMENT ON TABLE flow.arguments IS 'Arguments of runs that have had work in this database, so that they need not be sent with each task';
