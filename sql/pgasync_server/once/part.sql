/* What is taken from a lane to make up messages. */
CREATE TYPE async.head_t AS
(
  task_id BIGINT,
  seq BIGINT,               /* null: it went before */
  again BIGINT,             /* its place in async.requeue then */
  query TEXT,
  argument JSONB,
  doomed BOOL
);
COMMENT ON TYPE async.head_t IS 'Engine: a task at the head of its lane';

CREATE TYPE async.part_t AS
(
  sole TEXT,                /* what all tasks of the message call; null: each is executed */
  task_ids BIGINT[],
  queries TEXT[],
  data JSONB[],
  furthest BIGINT,          /* greatest seq among them */
  again BIGINT[],           /* places in async.requeue that they take */
  doomed BIGINT[]           /* tasks that are passed over */
);
COMMENT ON TYPE async.part_t IS 'Engine: tasks of a lane that go in one message';
