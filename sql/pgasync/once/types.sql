/* Domains rather than enums: an enum cannot take a new value inside an update script on PostgreSQL 11. */
CREATE DOMAIN async.task_run_type_t AS TEXT
  CONSTRAINT task_run_type_known CHECK (VALUE IN ('EXECUTE', 'DOA', 'EMPTY', 'EXECUTE_NOASYNC'));
COMMENT ON DOMAIN async.task_run_type_t IS
  'EXECUTE: run it; DOA: record it as failed, never run; EMPTY: record it as finished, never run; '
  'EXECUTE_NOASYNC: run it and ignore the target''s asynchronous_finish';

CREATE DOMAIN async.finish_status_t AS TEXT
  CONSTRAINT finish_status_known
  CHECK (VALUE IN ('FINISHED', 'FAILED', 'CANCELED', 'PAUSED', 'TIMED_OUT', 'YIELDED', 'DOA', 'DEFERRED'));
COMMENT ON DOMAIN async.finish_status_t IS 'How a task, or one attempt at it, ended';

CREATE TYPE async.task_push_t AS
(
  task_data JSONB,          /* anything; handed back by get_tasks() and shown by the views */
  target TEXT,              /* as configured */
  priority INT,             /* lower runs first */
  query TEXT,               /* one statement; a CALL may commit and roll back by itself */
  concurrency_pool TEXT,    /* the target's own by default */
  manual_timeout INTERVAL,  /* the target's by default */
  track_yielded BOOL,       /* a yielded task goes on counting in its pool */
  raw BOOL                  /* for what cannot run in a transaction block; runs at least once */
);
COMMENT ON TYPE async.task_push_t IS 'One task to push; async.task() builds it';
