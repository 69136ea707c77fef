/*
 * Tasks are inserted and never updated. What is in a lane behind the lane's position waits; what is in a batch runs;
 * what has a result is done. Each of the tables that hold open work has a row a task at most, deleted by key.
 */
CREATE SEQUENCE async.task_id_seq;
COMMENT ON SEQUENCE async.task_id_seq IS 'Numbers tasks';
CREATE SEQUENCE async.seq;
COMMENT ON SEQUENCE async.seq IS 'Order of tasks in their lanes: drawn by the orchestrator only, hence in the order of its commits';

/* A queue of tasks that may be sent together: first in, first out. */
CREATE TABLE async.lane
(
  lane_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target_id INT NOT NULL,
  pool_id INT NOT NULL,
  priority INT NOT NULL,
  owner TEXT NOT NULL,          /* what made the tasks: 'async', or the extension that does with hooks */
  owner_id BIGINT NOT NULL,     /* within the owner: a run */
  owner_item INT NOT NULL,      /* within owner_id: a node whose steps these are, or 0 */
  kind TEXT NOT NULL,           /* how a task becomes a statement: async.task_kind */
  call TEXT,                    /* what every task of the lane calls; null: each its own query */
  label TEXT,                   /* name of the owner's item, for arguments */
  timeout INTERVAL,             /* of one attempt */
  asynchronous BOOL NOT NULL,   /* a task that has run waits for its finish */
  raw BOOL NOT NULL,
  retries INT NOT NULL DEFAULT 0,
  retry_delay INTERVAL NOT NULL DEFAULT '1 s',
  retry_backoff FLOAT8 NOT NULL DEFAULT 2,
  retry_max_delay INTERVAL NOT NULL DEFAULT '1 h',
  retry_on TEXT[],              /* SQLSTATEs or classes; null: any but class 42 */
  on_interrupt TEXT NOT NULL DEFAULT 'retry' CHECK (on_interrupt IN ('retry', 'fail'))
);
CREATE INDEX lane_owner_idx ON async.lane(owner_id, owner_item, priority, target_id);
COMMENT ON TABLE async.lane IS 'Queues of tasks that may be sent together, first in first out';

CREATE TABLE async.open_lane (lane_id BIGINT PRIMARY KEY);
COMMENT ON TABLE async.open_lane IS 'Lanes that may still get tasks: where an orchestrator that starts looks for work';

/* Newest row a lane counts: inserted rather than updated, so that no open transaction makes it slower. */
CREATE TABLE async.lane_position (lane_id BIGINT, seq BIGINT, PRIMARY KEY (lane_id, seq));
COMMENT ON TABLE async.lane_position IS 'How far each lane has been taken; its greatest row counts';

CREATE TABLE async.doomed_lane
(
  lane_id BIGINT PRIMARY KEY,
  message TEXT
);
COMMENT ON TABLE async.doomed_lane IS 'Lanes of which all that waits is being canceled, piece by piece';

CREATE TABLE async.task
(
  task_id BIGINT PRIMARY KEY,
  lane_id BIGINT,               /* null: recorded, never run */
  seq BIGINT,                   /* place in the lane */
  owner_id BIGINT NOT NULL,
  owner_item INT NOT NULL,
  key UUID,                     /* where given, a task exists once for its owner's item */
  query TEXT,                   /* null: the lane's call */
  argument JSONB,
  entered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  source TEXT,
  task_data JSONB
);
CREATE INDEX task_lane_idx ON async.task(lane_id, seq);
CREATE UNIQUE INDEX task_key_idx ON async.task(owner_id, owner_item, key);
COMMENT ON TABLE async.task IS 'Tasks as they were pushed; never updated, removed task_keep_duration after their end';

CREATE TABLE async.requeue
(
  lane_id BIGINT,
  seq BIGINT,
  task_id BIGINT NOT NULL,
  PRIMARY KEY (lane_id, seq)
);
COMMENT ON TABLE async.requeue IS 'Tasks that go again, before those of their lane that never went';

CREATE TABLE async.delayed
(
  due TIMESTAMPTZ,
  task_id BIGINT,
  lane_id BIGINT NOT NULL,
  PRIMARY KEY (due, task_id)
);
CREATE INDEX delayed_task_idx ON async.delayed(task_id);
COMMENT ON TABLE async.delayed IS 'Tasks that go again at a time';

/* An assignment, committed before it is sent. */
CREATE SEQUENCE async.batch_id_seq;
COMMENT ON SEQUENCE async.batch_id_seq IS 'Numbers batches';
CREATE TABLE async.batch
(
  batch_id BIGINT PRIMARY KEY,
  epoch BIGINT NOT NULL,
  ring INT NOT NULL,            /* receipt table that it writes: 0 or 1 */
  target_id INT NOT NULL,
  lane_id BIGINT NOT NULL,
  pid INT,                      /* session on the target that got it, and when that began */
  backend_start TIMESTAMPTZ,
  task_ids BIGINT[] NOT NULL,   /* in the order in which they run */
  assigned TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE async.batch IS 'What runs: a row for each busy slot';

/* A verdict on tasks that run, carried out when the batch ends: unless its receipt came first. */
CREATE TABLE async.doom
(
  task_id BIGINT PRIMARY KEY,
  status TEXT NOT NULL,
  message TEXT
);
COMMENT ON TABLE async.doom IS 'Tasks to be ended, and how, unless they commit first; also waiting ones that a lane must pass over';

CREATE TABLE async.early_finish
(
  task_id BIGINT PRIMARY KEY,
  status TEXT NOT NULL,
  message TEXT,
  duration INTERVAL
);
COMMENT ON TABLE async.early_finish IS 'Answers that came while the task was still running';

CREATE TABLE async.yielded
(
  task_id BIGINT PRIMARY KEY,
  lane_id BIGINT NOT NULL,
  started TIMESTAMPTZ NOT NULL,
  yielded TIMESTAMPTZ NOT NULL,
  times_up TIMESTAMPTZ
);
COMMENT ON TABLE async.yielded IS 'Tasks that have run and wait for their finish';

CREATE TABLE async.result
(
  task_id BIGINT PRIMARY KEY,
  status TEXT NOT NULL,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ NOT NULL,
  yielded TIMESTAMPTZ,
  sqlstate TEXT,
  error TEXT
);
CREATE INDEX result_ended_idx ON async.result USING brin (ended);
COMMENT ON TABLE async.result IS 'How tasks ended; never updated';

CREATE TABLE async.attempt
(
  task_id BIGINT,
  attempt INT,
  status TEXT NOT NULL,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ NOT NULL,
  sqlstate TEXT,
  error TEXT,
  counted BOOL NOT NULL,        /* against the lane's retries */
  PRIMARY KEY (task_id, attempt)
);
COMMENT ON TABLE async.attempt IS 'Attempts that were not the last of their task';

/* How far the requests of each target, and this server (target_id 0), have been taken in. The newest row counts. */
CREATE TABLE async.intake
(
  target_id INT,
  intake_no BIGINT GENERATED ALWAYS AS IDENTITY,
  snapshot TXID_SNAPSHOT NOT NULL,
  PRIMARY KEY (target_id, intake_no)
);
COMMENT ON TABLE async.intake IS 'How far the requests of each target, and of this server (0), have been taken in';
