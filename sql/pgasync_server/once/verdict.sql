/* What the end of a batch is judged by, and the judgement. */
CREATE TYPE async.receipt_t AS
(
  batch_id BIGINT,
  task_id BIGINT,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ         /* null: revoked */
);
COMMENT ON TYPE async.receipt_t IS 'Engine: a receipt or revocation as a target reports it';

CREATE TYPE async.verdict_t AS
(
  task_id BIGINT,
  lane_id BIGINT,
  batch_id BIGINT,
  n BIGINT,                 /* place in its batch */
  outcome TEXT,             /* DONE, BACK (may run again at once), ERROR, LOST (nobody knows), or status of its doom */
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ,
  sqlstate TEXT,
  error TEXT,
  committed BOOL,           /* it had committed something by itself before the error */
  doom TEXT,                /* status that it was doomed to end with, and why */
  doom_message TEXT,
  answer TEXT,              /* status by which it was finished or deferred from outside while it ran, and why */
  answer_message TEXT,
  answer_duration INTERVAL, /* for which it is put off */
  asynchronous BOOL,        /* of its lane, as the next three */
  owner TEXT,
  owner_id BIGINT,
  owner_item INT            /* 0: each task has its own */
);
COMMENT ON TYPE async.verdict_t IS 'Engine: what became of a task in a batch that has ended';
