/* What becomes of tasks once they have run. */
CREATE TABLE async.yielded
(
  task_id BIGINT,
  lane_id BIGINT NOT NULL,
  started TIMESTAMPTZ NOT NULL,
  yielded TIMESTAMPTZ NOT NULL,
  times_up TIMESTAMPTZ,
  CONSTRAINT yielded_pk PRIMARY KEY (task_id)
);
CREATE INDEX yielded_times_up_idx ON async.yielded(times_up);
CREATE INDEX yielded_lane_idx ON async.yielded(lane_id);
COMMENT ON TABLE async.yielded IS 'Engine: tasks that have run and wait for their finish';

CREATE TABLE async.result
(
  task_id BIGINT,
  status TEXT NOT NULL,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ NOT NULL,
  yielded TIMESTAMPTZ,
  sqlstate TEXT,
  error TEXT,
  CONSTRAINT result_pk PRIMARY KEY (task_id)
);
COMMENT ON TABLE async.result IS
  'Engine: how tasks ended; updated only when their owners cannot take that in';

CREATE TABLE async.attempt
(
  task_id BIGINT,
  attempt INT,
  status TEXT NOT NULL,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ NOT NULL,
  sqlstate TEXT,
  error TEXT,
  counted BOOL NOT NULL,
  past BOOL NOT NULL DEFAULT false,
  CONSTRAINT attempt_pk PRIMARY KEY (task_id, attempt)
);
COMMENT ON TABLE async.attempt IS 'Attempts that were not the last of their task; that one is in async.v_task';
COMMENT ON COLUMN async.attempt.task_id IS 'Number of the task';
COMMENT ON COLUMN async.attempt.attempt IS 'Counts them, from 1';
COMMENT ON COLUMN async.attempt.status IS 'FAILED, TIMED_OUT, or INTERRUPTED: its session or its server was lost';
COMMENT ON COLUMN async.attempt.started IS 'When it began; null: that is not known';
COMMENT ON COLUMN async.attempt.ended IS 'When it ended, or was found to have';
COMMENT ON COLUMN async.attempt.sqlstate IS 'SQLSTATE of its error; null: there was none';
COMMENT ON COLUMN async.attempt.error IS 'Its error message';
COMMENT ON COLUMN async.attempt.counted IS
  'It counts against retries: not so serialization failures, deadlocks and interruptions, which have tries of their own';
COMMENT ON COLUMN async.attempt.past IS 'The task has ended since, and was restarted';

CREATE TABLE async.undelivered
(
  task_id BIGINT,
  failures INT NOT NULL,        /* times that its owner could not be told */
  due TIMESTAMPTZ NOT NULL,     /* when it will be told again */
  error TEXT NOT NULL,
  CONSTRAINT undelivered_pk PRIMARY KEY (task_id)
);
COMMENT ON TABLE async.undelivered IS
  'Engine: tasks that have ended and whose owner could not take that in; tried again';

CREATE TYPE async.result_t AS
(
  task_id BIGINT,
  owner TEXT,
  owner_id BIGINT,
  owner_item INT,
  is_member BOOL,         /* of the item: a step of the node; otherwise the item's own task */
  status TEXT,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ,
  sqlstate TEXT,
  error TEXT
);
COMMENT ON TYPE async.result_t IS 'Engine: a task that has ended, as told to the extension that owns it';
