/* Domains rather than enums: an enum cannot take a new value inside an update script on PostgreSQL 11. */
CREATE DOMAIN async.task_run_type_t AS TEXT
  CONSTRAINT task_run_type_known CHECK (VALUE IN ('EXECUTE', 'DOA', 'EMPTY', 'EXECUTE_NOASYNC'));
COMMENT ON DOMAIN async.task_run_type_t IS
  'EXECUTE: run it; DOA: record it as failed, never run; EMPTY: record it as finished, never run; '
  'EXECUTE_NOASYNC: run it and ignore the target''s asynchronous_finish';

CREATE DOMAIN async.finish_status_t AS TEXT
  CONSTRAINT finish_status_known
  CHECK (VALUE IN ('FINISHED', 'FAILED', 'CANCELED', 'PAUSED', 'TIMED_OUT', 'YIELDED', 'DOA', 'DEFERRED'));
COMMENT ON DOMAIN async.finish_status_t IS
  'How a task, or one attempt at it, ended: FINISHED; FAILED, TIMED_OUT, CANCELED; DOA: never run, recorded as failed; '
  'PAUSED, YIELDED: it waits for an outside answer; DEFERRED: put back until later';

CREATE TYPE async.task_push_t AS
(
  task_data JSONB,
  target TEXT,
  priority INT,
  query TEXT,
  concurrency_pool TEXT,
  manual_timeout INTERVAL,
  track_yielded BOOL,
  raw BOOL
);
COMMENT ON TYPE async.task_push_t IS 'One task to push; async.task() builds it';
COMMENT ON COLUMN async.task_push_t.task_data IS
  'Any JSON; the views show it, and a worker outside the database gets it';
COMMENT ON COLUMN async.task_push_t.target IS 'Name of the target, as async.configure() knows it';
COMMENT ON COLUMN async.task_push_t.priority IS 'Lower runs first; null: 0';
COMMENT ON COLUMN async.task_push_t.query IS 'One statement; a CALL may commit and roll back by itself';
COMMENT ON COLUMN async.task_push_t.concurrency_pool IS
  'Pool in which it counts; null: the own pool of the target';
COMMENT ON COLUMN async.task_push_t.manual_timeout IS
  'Longest that an attempt may run; null: default_timeout of the target';
COMMENT ON COLUMN async.task_push_t.track_yielded IS
  'While it waits for an outside answer it goes on counting in its pool; null: as the target has it';
COMMENT ON COLUMN async.task_push_t.raw IS
  'For what cannot run in a transaction block, as VACUUM; runs at least once, not exactly once';
