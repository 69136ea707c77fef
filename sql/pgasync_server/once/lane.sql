/*
 * A task waits in a lane, which holds once what its tasks have in common: first in, first out. What goes again comes
 * before what never went.
 */
CREATE TABLE async.lane
(
  lane_id BIGINT GENERATED ALWAYS AS IDENTITY,
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
  outside BOOL NOT NULL DEFAULT false,   /* workers outside the database run its tasks */
  retries INT NOT NULL DEFAULT 0,
  retry_delay INTERVAL NOT NULL DEFAULT '1 s',
  retry_backoff FLOAT8 NOT NULL DEFAULT 2,
  retry_max_delay INTERVAL NOT NULL DEFAULT '1 h',
  retry_on TEXT[],              /* SQLSTATEs or classes; null: any but class 42 */
  on_interrupt TEXT NOT NULL DEFAULT 'retry',
  CONSTRAINT lane_pk PRIMARY KEY (lane_id),
  CONSTRAINT lane_on_interrupt_known CHECK (on_interrupt IN ('retry', 'fail'))
);
CREATE INDEX lane_owner_idx ON async.lane(owner_id, owner_item, priority, target_id);
COMMENT ON TABLE async.lane IS 'Engine: queues of tasks that may be sent together, first in first out';

CREATE TABLE async.open_lane
(
  lane_id BIGINT,
  CONSTRAINT open_lane_pk PRIMARY KEY (lane_id)
);
COMMENT ON TABLE async.open_lane IS
  'Engine: lanes that may still get tasks: where an orchestrator that starts looks for work';

/* Newest row a lane counts: inserted rather than updated, so that no open transaction makes it slower. */
CREATE TABLE async.lane_position
(
  lane_id BIGINT,
  seq BIGINT,
  CONSTRAINT lane_position_pk PRIMARY KEY (lane_id, seq)
);
COMMENT ON TABLE async.lane_position IS 'Engine: how far each lane has been taken; its greatest row counts';

CREATE TABLE async.doomed_lane
(
  lane_id BIGINT,
  message TEXT,
  CONSTRAINT doomed_lane_pk PRIMARY KEY (lane_id)
);
COMMENT ON TABLE async.doomed_lane IS
  'Engine: lanes of which all that waits is being canceled, piece by piece';

CREATE TABLE async.requeue
(
  lane_id BIGINT,
  seq BIGINT,
  task_id BIGINT NOT NULL,
  CONSTRAINT requeue_pk PRIMARY KEY (lane_id, seq)
);
CREATE INDEX requeue_task_idx ON async.requeue(task_id);
COMMENT ON TABLE async.requeue IS 'Engine: tasks that go again, before those of their lane that never went';

CREATE TABLE async.delayed
(
  due TIMESTAMPTZ,
  task_id BIGINT,
  lane_id BIGINT NOT NULL,
  CONSTRAINT delayed_pk PRIMARY KEY (due, task_id)
);
CREATE INDEX delayed_task_idx ON async.delayed(task_id);
CREATE INDEX delayed_lane_idx ON async.delayed(lane_id);
COMMENT ON TABLE async.delayed IS 'Engine: tasks that go again at a time';
