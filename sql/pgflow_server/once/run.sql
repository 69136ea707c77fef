/*
 * Runs. State is inserted, never updated: of the rows of a run, or of a node of a run, the one with the greatest state_no
 * counts, and it is found first. So nothing slows down while somebody holds a transaction open.
 */
CREATE SEQUENCE flow.flow_id_seq;
COMMENT ON SEQUENCE flow.flow_id_seq IS 'Engine: numbers runs';

CREATE SEQUENCE flow.state_no_seq;
COMMENT ON SEQUENCE flow.state_no_seq IS
  'Engine: numbers the states of runs and nodes in the order in which they came';

CREATE TABLE flow.run
(
  flow_id BIGINT,
  flow TEXT NOT NULL,
  definition_id BIGINT NOT NULL,
  arguments JSONB,
  priority INT NOT NULL,
  parent_task_id BIGINT,
  chosen INT[],
  requested TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  requested_by TEXT NOT NULL DEFAULT session_user,
  CONSTRAINT run_pk PRIMARY KEY (flow_id)
);
CREATE INDEX run_flow_idx ON flow.run(flow, flow_id);
CREATE INDEX run_definition_idx ON flow.run(definition_id);
COMMENT ON TABLE flow.run IS
  'Engine: runs as they were asked for; never updated, removed task_keep_duration after their end';
COMMENT ON COLUMN flow.run.flow_id IS 'Number of the run';
COMMENT ON COLUMN flow.run.flow IS 'Name of its flow';
COMMENT ON COLUMN flow.run.definition_id IS 'Version of the flow that it keeps to';
COMMENT ON COLUMN flow.run.arguments IS 'What every callback gets';
COMMENT ON COLUMN flow.run.priority IS 'Added to those of the nodes; lower runs first';
COMMENT ON COLUMN flow.run.parent_task_id IS 'Step that it is run by; not in this version';
COMMENT ON COLUMN flow.run.chosen IS 'Nodes of its definition that run; the others are SKIPPED; null: all run';
COMMENT ON COLUMN flow.run.requested IS 'When it was asked for';
COMMENT ON COLUMN flow.run.requested_by IS 'Role that asked for it';

CREATE TABLE flow.open_run
(
  flow_id BIGINT,
  flow TEXT NOT NULL,
  CONSTRAINT open_run_pk PRIMARY KEY (flow_id)
);
COMMENT ON TABLE flow.open_run IS 'Engine: runs that have not ended';
COMMENT ON COLUMN flow.open_run.flow_id IS 'Run';
COMMENT ON COLUMN flow.open_run.flow IS 'Its flow';

CREATE TABLE flow.run_state
(
  flow_id BIGINT,
  state_no BIGINT DEFAULT pg_catalog.nextval('flow.state_no_seq'),
  state TEXT NOT NULL,
  unresolved INT NOT NULL,
  failed INT NOT NULL,
  canceled BOOL NOT NULL,
  changed TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT run_state_pk PRIMARY KEY (flow_id, state_no),
  CONSTRAINT run_state_known CHECK (state IN ('RUNNING', 'FINISHED', 'FAILED', 'CANCELED'))
);
COMMENT ON TABLE flow.run_state IS 'Engine: states of runs; the newest row of a run counts';
COMMENT ON COLUMN flow.run_state.flow_id IS 'Run';
COMMENT ON COLUMN flow.run_state.state_no IS 'The greatest of a run is its newest';
COMMENT ON COLUMN flow.run_state.state IS 'RUNNING, FINISHED, FAILED or CANCELED';
COMMENT ON COLUMN flow.run_state.unresolved IS 'Nodes that have not ended';
COMMENT ON COLUMN flow.run_state.failed IS 'Nodes that ended FAILED, TIMED_OUT, DOA or CANCELED';
COMMENT ON COLUMN flow.run_state.canceled IS 'It has been asked to end';
COMMENT ON COLUMN flow.run_state.changed IS 'Since when';

CREATE TABLE flow.node_state
(
  flow_id BIGINT,
  node_no INT,
  state_no BIGINT DEFAULT pg_catalog.nextval('flow.state_no_seq'),
  state TEXT NOT NULL,
  unmet INT NOT NULL,
  spoiled BOOL NOT NULL,
  steps INT NOT NULL,
  unfinished INT NOT NULL,
  failed INT NOT NULL,
  canceled INT NOT NULL,
  verdict TEXT,
  error TEXT,
  resumed BOOL NOT NULL DEFAULT false,
  changed TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT node_state_pk PRIMARY KEY (flow_id, node_no, state_no)
);
COMMENT ON TABLE flow.node_state IS
  'Engine: states of nodes of runs; the newest row of a node counts; one without a row is PENDING';
COMMENT ON COLUMN flow.node_state.flow_id IS 'Run';
COMMENT ON COLUMN flow.node_state.node_no IS 'Node of its definition';
COMMENT ON COLUMN flow.node_state.state_no IS 'The greatest of a node is its newest';
COMMENT ON COLUMN flow.node_state.state IS
  'PENDING, READY (its task is queued, running or yielded), RUNNING_STEPS, or how it ended';
COMMENT ON COLUMN flow.node_state.unmet IS
  'Parents that have not resolved; of a SKIPPED node those for which its children still wait';
COMMENT ON COLUMN flow.node_state.spoiled IS 'A mandatory parent failed';
COMMENT ON COLUMN flow.node_state.steps IS 'All steps that it has been given, each once';
COMMENT ON COLUMN flow.node_state.unfinished IS 'Steps that have not ended';
COMMENT ON COLUMN flow.node_state.failed IS 'Steps that ended, but neither FINISHED nor CANCELED';
COMMENT ON COLUMN flow.node_state.canceled IS 'Steps that were CANCELED';
COMMENT ON COLUMN flow.node_state.verdict IS 'How the node ends once its steps have, if not FINISHED';
COMMENT ON COLUMN flow.node_state.error IS 'Why it failed';
COMMENT ON COLUMN flow.node_state.resumed IS
  'Waiting in a restarted run, and its routine has finished before: it will go on with its steps';
COMMENT ON COLUMN flow.node_state.changed IS 'Since when';

/* Steps that were pushed and are not tasks yet: expanded a few at a time, so that a push of a million holds up nobody. */
CREATE TABLE flow.chunk
(
  chunk_id BIGINT GENERATED ALWAYS AS IDENTITY,
  flow_id BIGINT NOT NULL,
  node_no INT NOT NULL,
  steps JSONB[] NOT NULL,
  CONSTRAINT chunk_pk PRIMARY KEY (chunk_id)
);
CREATE INDEX chunk_node_idx ON flow.chunk(flow_id, node_no, chunk_id);
COMMENT ON TABLE flow.chunk IS 'Engine: steps that will become tasks in one of the next cycles';
COMMENT ON COLUMN flow.chunk.chunk_id IS 'Place in the queue';
COMMENT ON COLUMN flow.chunk.flow_id IS 'Run';
COMMENT ON COLUMN flow.chunk.node_no IS 'Node of its definition';
COMMENT ON COLUMN flow.chunk.steps IS 'Arguments of the steps, at most 500';

CREATE TABLE flow.parked_chunk
(
  chunk_id BIGINT,
  flow_id BIGINT NOT NULL,
  node_no INT NOT NULL,
  steps JSONB[] NOT NULL,
  CONSTRAINT parked_chunk_pk PRIMARY KEY (chunk_id)
);
CREATE INDEX parked_chunk_node_idx ON flow.parked_chunk(flow_id, node_no);
COMMENT ON TABLE flow.parked_chunk IS 'Engine: steps of nodes that have not begun';
COMMENT ON COLUMN flow.parked_chunk.chunk_id IS 'Order in which they were pushed';
COMMENT ON COLUMN flow.parked_chunk.flow_id IS 'Run';
COMMENT ON COLUMN flow.parked_chunk.node_no IS 'Node of its definition';
COMMENT ON COLUMN flow.parked_chunk.steps IS 'Arguments of the steps, at most 500';

CREATE TABLE flow.stopped_chunk
(
  chunk_id BIGINT,
  flow_id BIGINT NOT NULL,
  node_no INT NOT NULL,
  steps JSONB[] NOT NULL,
  CONSTRAINT stopped_chunk_pk PRIMARY KEY (chunk_id)
);
CREATE INDEX stopped_chunk_node_idx ON flow.stopped_chunk(flow_id, node_no);
COMMENT ON TABLE flow.stopped_chunk IS
  'Steps of nodes that failed or were canceled before they became tasks: kept for flow.restart_flow()';
COMMENT ON COLUMN flow.stopped_chunk.chunk_id IS 'Order in which they were pushed';
COMMENT ON COLUMN flow.stopped_chunk.flow_id IS 'Run';
COMMENT ON COLUMN flow.stopped_chunk.node_no IS 'Node of its definition';
COMMENT ON COLUMN flow.stopped_chunk.steps IS 'Arguments of the steps, at most 500';

CREATE TABLE flow.restart
(
  flow_id BIGINT,
  restart_no INT,
  state_no BIGINT NOT NULL DEFAULT pg_catalog.nextval('flow.state_no_seq'),
  node TEXT,
  failed_only BOOL NOT NULL,
  state_before TEXT NOT NULL,
  started_before TIMESTAMPTZ NOT NULL,
  ended_before TIMESTAMPTZ NOT NULL,
  first_error TEXT,
  requested TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  requested_by TEXT NOT NULL DEFAULT session_user,
  begun TIMESTAMPTZ,
  CONSTRAINT restart_pk PRIMARY KEY (flow_id, restart_no)
);
COMMENT ON TABLE flow.restart IS 'What flow.restart_flow() has run again, and how the runs had ended before';
COMMENT ON COLUMN flow.restart.flow_id IS 'Run';
COMMENT ON COLUMN flow.restart.restart_no IS 'Counts the restarts of the run, from 1';
COMMENT ON COLUMN flow.restart.state_no IS 'States of the run and of its nodes with a greater number are those since then';
COMMENT ON COLUMN flow.restart.node IS 'Node from which it was restarted, null: all';
COMMENT ON COLUMN flow.restart.failed_only IS 'Only what had failed, and what hung on it';
COMMENT ON COLUMN flow.restart.state_before IS 'How it had ended before: FINISHED, FAILED or CANCELED';
COMMENT ON COLUMN flow.restart.started_before IS 'When it had begun to run before';
COMMENT ON COLUMN flow.restart.ended_before IS 'When it had ended before';
COMMENT ON COLUMN flow.restart.first_error IS 'The first error of the run before';
COMMENT ON COLUMN flow.restart.requested IS 'When the restart was asked for';
COMMENT ON COLUMN flow.restart.requested_by IS 'Role that asked for it';
COMMENT ON COLUMN flow.restart.begun IS 'When the orchestrator took it up; null: not yet';

/* Small: a row for each node that runs, or could if no other did, of those that are in a mutex. */
CREATE TABLE flow.mutex_claim
(
  flow_id BIGINT,
  node_no INT,
  flow TEXT NOT NULL,
  definition_id BIGINT NOT NULL,
  claim_no BIGINT GENERATED ALWAYS AS IDENTITY,
  held BOOL NOT NULL DEFAULT false,
  CONSTRAINT mutex_claim_pk PRIMARY KEY (flow_id, node_no)
);
CREATE INDEX mutex_claim_flow_idx ON flow.mutex_claim(flow);
COMMENT ON TABLE flow.mutex_claim IS 'Nodes that run and exclude others, or wait for those that exclude them';
COMMENT ON COLUMN flow.mutex_claim.flow_id IS 'Run';
COMMENT ON COLUMN flow.mutex_claim.node_no IS 'Node of its definition';
COMMENT ON COLUMN flow.mutex_claim.flow IS 'Its flow';
COMMENT ON COLUMN flow.mutex_claim.definition_id IS 'Version of the flow that its run keeps to';
COMMENT ON COLUMN flow.mutex_claim.claim_no IS 'Order in which they could have run';
COMMENT ON COLUMN flow.mutex_claim.held IS 'It runs';

CREATE TABLE flow.arguments_sent
(
  flow_id BIGINT,
  target_id INT,
  CONSTRAINT arguments_sent_pk PRIMARY KEY (flow_id, target_id)
);
COMMENT ON TABLE flow.arguments_sent IS 'Engine: targets to which the arguments of a run have been sent';
COMMENT ON COLUMN flow.arguments_sent.flow_id IS 'Run';
COMMENT ON COLUMN flow.arguments_sent.target_id IS 'Target';

CREATE TYPE flow.change_t AS
(
  flow_id BIGINT,
  node_no INT,
  state TEXT,
  error TEXT
);
COMMENT ON TYPE flow.change_t IS 'Engine: a node of a run and what becomes of it';
