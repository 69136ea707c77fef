/*
 * Runs. State is inserted, never updated: of the rows of a run, or of a node of a run, the one with the greatest state_no
 * counts, and it is found first. So nothing slows down while somebody holds a transaction open.
 */
CREATE SEQUENCE flow.flow_id_seq;
COMMENT ON SEQUENCE flow.flow_id_seq IS 'Numbers runs';
CREATE SEQUENCE flow.state_no_seq;
COMMENT ON SEQUENCE flow.state_no_seq IS 'Numbers the states of runs and nodes in the order in which they came';

CREATE TABLE flow.run
(
  flow_id BIGINT PRIMARY KEY,
  flow TEXT NOT NULL,
  definition_id BIGINT NOT NULL,
  arguments JSONB,
  priority INT NOT NULL,
  parent_task_id BIGINT,
  requested TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  requested_by TEXT NOT NULL DEFAULT session_user
);
CREATE INDEX run_flow_idx ON flow.run(flow, flow_id);
COMMENT ON TABLE flow.run IS 'Runs as they were asked for; never updated, removed task_keep_duration after their end';

CREATE TABLE flow.open_run (flow_id BIGINT PRIMARY KEY, flow TEXT NOT NULL);
COMMENT ON TABLE flow.open_run IS 'Runs that have not ended';

CREATE TABLE flow.run_state
(
  flow_id BIGINT,
  state_no BIGINT DEFAULT pg_catalog.nextval('flow.state_no_seq'),
  state TEXT NOT NULL CHECK (state IN ('RUNNING', 'FINISHED', 'FAILED', 'CANCELED')),
  unresolved INT NOT NULL,   /* nodes */
  failed INT NOT NULL,       /* nodes that ended FAILED, TIMED_OUT or DOA */
  canceled BOOL NOT NULL,    /* it has been asked to end */
  changed TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (flow_id, state_no)
);
COMMENT ON TABLE flow.run_state IS 'States of runs; the newest row of a run counts';

CREATE TABLE flow.node_state
(
  flow_id BIGINT,
  node_no INT,
  state_no BIGINT DEFAULT pg_catalog.nextval('flow.state_no_seq'),
  state TEXT NOT NULL,       /* PENDING, READY (its task is queued, running or yielded), RUNNING_STEPS, or how it ended */
  unmet INT NOT NULL,        /* parents that have not resolved */
  spoiled BOOL NOT NULL,     /* a mandatory parent failed */
  steps INT NOT NULL,        /* all that were pushed, each once */
  unfinished INT NOT NULL,   /* steps that have not ended */
  failed INT NOT NULL,       /* steps that FAILED or TIMED_OUT */
  canceled INT NOT NULL,     /* steps that were CANCELED */
  verdict TEXT,              /* how the node ends once its steps have, if not FINISHED */
  error TEXT,
  changed TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (flow_id, node_no, state_no)
);
COMMENT ON TABLE flow.node_state IS 'States of nodes of runs; the newest row of a node counts; one without a row is PENDING';

/* Steps that were pushed and are not tasks yet: expanded a few at a time, so that a push of a million holds up nobody. */
CREATE TABLE flow.chunk
(
  chunk_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  flow_id BIGINT NOT NULL,
  node_no INT NOT NULL,
  steps JSONB[] NOT NULL
);
CREATE INDEX chunk_node_idx ON flow.chunk(flow_id, node_no);
COMMENT ON TABLE flow.chunk IS 'Steps that will become tasks in one of the next cycles';

CREATE TABLE flow.parked_chunk
(
  chunk_id BIGINT PRIMARY KEY,
  flow_id BIGINT NOT NULL,
  node_no INT NOT NULL,
  steps JSONB[] NOT NULL
);
CREATE INDEX parked_chunk_node_idx ON flow.parked_chunk(flow_id, node_no);
COMMENT ON TABLE flow.parked_chunk IS 'Steps of nodes that have not begun';

CREATE TABLE flow.arguments_sent
(
  flow_id BIGINT,
  target_id INT,
  PRIMARY KEY (flow_id, target_id)
);
COMMENT ON TABLE flow.arguments_sent IS 'Targets to which the arguments of a run have been sent';

CREATE TYPE flow.change_t AS
(
  flow_id BIGINT,
  node_no INT,
  state TEXT,
  error TEXT
);
COMMENT ON TYPE flow.change_t IS 'Engine: a node of a run and what becomes of it';
