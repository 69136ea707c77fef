/* An assignment, committed before it is sent. */
CREATE SEQUENCE async.batch_id_seq;
COMMENT ON SEQUENCE async.batch_id_seq IS 'Engine: numbers batches';

CREATE TABLE async.batch
(
  batch_id BIGINT,
  epoch BIGINT NOT NULL,
  ring INT NOT NULL,            /* receipt table that it writes: 0 or 1 */
  target_id INT NOT NULL,
  lane_id BIGINT NOT NULL,
  pid INT,                      /* session on the target that got it, and when that began */
  backend_start TIMESTAMPTZ,
  task_ids BIGINT[] NOT NULL,   /* in the order in which they run */
  assigned TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT batch_pk PRIMARY KEY (batch_id)
);
COMMENT ON TABLE async.batch IS 'Engine: what runs: a row for each busy slot';

/* A verdict on tasks that run, carried out when the batch ends: unless its receipt came first. */
CREATE TABLE async.doom
(
  task_id BIGINT,
  status TEXT NOT NULL,
  message TEXT,
  CONSTRAINT doom_pk PRIMARY KEY (task_id)
);
COMMENT ON TABLE async.doom IS
  'Engine: tasks to be ended, and how, unless they commit first; also waiting ones that a lane must pass over';

CREATE TABLE async.early_finish
(
  task_id BIGINT,
  status TEXT NOT NULL,
  message TEXT,
  duration INTERVAL,            /* for which it is put off, when status is DEFERRED */
  CONSTRAINT early_finish_pk PRIMARY KEY (task_id)
);
COMMENT ON TABLE async.early_finish IS 'Engine: answers that came while the task was still running';
