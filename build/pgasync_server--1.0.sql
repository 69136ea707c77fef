\echo Use "CREATE EXTENSION pgasync_server" to load this file. \quit
-- pgasync_server 1.0, put together from sql/pgasync_server: edit the sources, not this file.
SET LOCAL search_path = pg_catalog, pg_temp;

DO $guard$
DECLARE
  installed TEXT;
BEGIN
  SELECT e.extversion INTO installed FROM pg_extension e WHERE e.extname = 'pgasync';
  IF installed IS DISTINCT FROM '1.0' THEN
    RAISE EXCEPTION 'extension "pgasync_server" 1.0 needs extension "pgasync" 1.0, not %',
      installed
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run ALTER EXTENSION pgasync UPDATE TO ''1.0'' first.';
  END IF;
END
$guard$;

-- pgasync_server/once/configuration.sql
/*
 * Configuration of the task engine: one row of settings, the targets, the concurrency pools. Written by
 * async.configure(), async.pause() and async.resume(), pools also by tasks that name one that is not there; read by
 * the orchestrator when async.control.configuration_version has grown.
 */
CREATE SEQUENCE async.configuration_version AS BIGINT;
COMMENT ON SEQUENCE async.configuration_version IS 'Engine: numbers the changes of the configuration';

CREATE TABLE async.control
(
  singleton BOOL NOT NULL DEFAULT true,
  workers INT NOT NULL DEFAULT 16,
  idle_sleep INTERVAL NOT NULL DEFAULT '50 ms',
  busy_sleep INTERVAL NOT NULL DEFAULT '1 ms',
  default_timeout INTERVAL DEFAULT '8 hours',
  task_keep_duration INTERVAL NOT NULL DEFAULT '30 days',
  light_maintenance_sleep INTERVAL NOT NULL DEFAULT '5 minutes',
  heavy_maintenance_sleep INTERVAL NOT NULL DEFAULT '1 day',
  self_target TEXT NOT NULL DEFAULT 'self',
  self_connection_string TEXT,
  self_concurrency INT NOT NULL DEFAULT 16,
  default_concurrency_pool_workers INT NOT NULL DEFAULT 8,
  advisory_mutex_id BIGINT NOT NULL DEFAULT 5764888,
  log_level TEXT NOT NULL DEFAULT 'NOTICE',
  flush TEXT NOT NULL DEFAULT 'task',
  paused BOOL NOT NULL DEFAULT false,
  configuration_version BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT control_pk PRIMARY KEY (singleton),
  CONSTRAINT control_has_one_row CHECK (singleton),
  CONSTRAINT control_workers_positive CHECK (workers > 0),
  CONSTRAINT control_idle_sleep_positive CHECK (idle_sleep > '0'),
  CONSTRAINT control_busy_sleep_not_negative CHECK (busy_sleep >= '0'),
  CONSTRAINT control_default_timeout_positive CHECK (default_timeout > '0'),
  CONSTRAINT control_task_keep_duration_not_negative CHECK (task_keep_duration >= '0'),
  CONSTRAINT control_light_maintenance_sleep_positive CHECK (light_maintenance_sleep > '0'),
  CONSTRAINT control_heavy_maintenance_sleep_positive CHECK (heavy_maintenance_sleep > '0'),
  CONSTRAINT control_self_concurrency_positive CHECK (self_concurrency > 0),
  CONSTRAINT control_default_concurrency_pool_workers_positive CHECK (default_concurrency_pool_workers > 0),
  CONSTRAINT control_log_level_known CHECK (log_level IN ('DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR')),
  CONSTRAINT control_flush_known CHECK (flush IN ('task', 'batch'))
);
COMMENT ON TABLE async.control IS 'Settings of the task engine; one row; change it with async.configure()';
COMMENT ON COLUMN async.control.singleton IS 'Always true: the table has one row';
COMMENT ON COLUMN async.control.workers IS 'Most tasks that the orchestrator runs at once, over all targets';
COMMENT ON COLUMN async.control.idle_sleep IS
  'Longest that the orchestrator sleeps between cycles when there is nothing to do';
COMMENT ON COLUMN async.control.busy_sleep IS
  'How long the orchestrator sleeps between cycles while tasks run';
COMMENT ON COLUMN async.control.default_timeout IS 'Timeout of a task whose target gives none; null: none';
COMMENT ON COLUMN async.control.task_keep_duration IS 'How long finished tasks and runs are kept';
COMMENT ON COLUMN async.control.light_maintenance_sleep IS 'Time between two light maintenances';
COMMENT ON COLUMN async.control.heavy_maintenance_sleep IS 'Time between two heavy maintenances';
COMMENT ON COLUMN async.control.self_target IS 'Name of the target that is this database';
COMMENT ON COLUMN async.control.self_connection_string IS
  'How the orchestrator connects to this database; null: by the local socket or address that it finds itself';
COMMENT ON COLUMN async.control.self_concurrency IS 'Limit (max_concurrency) of the target that is this database';
COMMENT ON COLUMN async.control.default_concurrency_pool_workers IS
  'Limit (max_workers) of a pool that a task names and no configuration does';
COMMENT ON COLUMN async.control.advisory_mutex_id IS
  'Key of the advisory lock that lets only one orchestrator run in this database';
COMMENT ON COLUMN async.control.log_level IS
  'Least level that is logged: DEBUG, INFO, NOTICE, WARNING or ERROR';
COMMENT ON COLUMN async.control.flush IS
  'When the work of a task is flushed to disk: task: by its commit; batch: only before it counts as done, which is'
  ' faster, but a crash may undo, for it to be done again, what others have seen';
COMMENT ON COLUMN async.control.paused IS
  'The orchestrator starts nothing new; async.pause() and async.resume() set it';
COMMENT ON COLUMN async.control.configuration_version IS
  'Grows with each change; transactional, so that who sees a new value sees the new configuration too';

CREATE TABLE async.target
(
  target_id INT GENERATED BY DEFAULT AS IDENTITY,
  target TEXT NOT NULL,
  connection_string TEXT,
  max_concurrency INT NOT NULL DEFAULT 8,
  asynchronous_finish BOOL NOT NULL DEFAULT false,
  default_timeout INTERVAL,
  concurrency_track_yielded BOOL NOT NULL DEFAULT false,
  enabled BOOL NOT NULL DEFAULT true,
  CONSTRAINT target_pk PRIMARY KEY (target_id),
  CONSTRAINT target_is_unique UNIQUE (target),
  CONSTRAINT target_not_empty CHECK (target <> ''),
  CONSTRAINT target_max_concurrency_positive CHECK (max_concurrency > 0),
  CONSTRAINT target_default_timeout_positive CHECK (default_timeout > '0')
);
COMMENT ON TABLE async.target IS 'Databases on which tasks run; change them with async.configure()';
COMMENT ON COLUMN async.target.target_id IS 'Number that other tables hold; survives a renaming';
COMMENT ON COLUMN async.target.target IS 'Name of the target; a concurrency pool of this name belongs to it';
COMMENT ON COLUMN async.target.connection_string IS
  'Conninfo, or name of a foreign server; null for the target that is this database, and for those whose tasks are taken'
  ' by workers outside the database only';
COMMENT ON COLUMN async.target.max_concurrency IS 'Most tasks that run on it at once';
COMMENT ON COLUMN async.target.asynchronous_finish IS
  'A task is not done when its query is: it waits for async.finish() or flow.finish()';
COMMENT ON COLUMN async.target.default_timeout IS
  'Timeout of a task that gives none; null: that of async.control';
COMMENT ON COLUMN async.target.concurrency_track_yielded IS
  'A task that waits for its outside answer still counts in its pool';
COMMENT ON COLUMN async.target.enabled IS 'Whether it is used; the tasks of one that is not stay queued';

CREATE TABLE async.concurrency_pool
(
  pool_id INT GENERATED BY DEFAULT AS IDENTITY,
  concurrency_pool TEXT NOT NULL,
  max_workers INT NOT NULL,
  target_id INT,
  CONSTRAINT concurrency_pool_pk PRIMARY KEY (pool_id),
  CONSTRAINT concurrency_pool_is_unique UNIQUE (concurrency_pool),
  CONSTRAINT concurrency_pool_target_is_unique UNIQUE (target_id),
  CONSTRAINT concurrency_pool_target_fk FOREIGN KEY (target_id) REFERENCES async.target ON DELETE CASCADE,
  CONSTRAINT concurrency_pool_not_empty CHECK (concurrency_pool <> ''),
  CONSTRAINT concurrency_pool_max_workers_positive CHECK (max_workers > 0)
);
COMMENT ON TABLE async.concurrency_pool IS
  'Named limits on how many tasks run at once; change them with async.configure()';
COMMENT ON COLUMN async.concurrency_pool.pool_id IS 'Number that other tables hold; survives a renaming';
COMMENT ON COLUMN async.concurrency_pool.concurrency_pool IS 'Name of the pool';
COMMENT ON COLUMN async.concurrency_pool.max_workers IS 'Most tasks of the pool that run at once';
COMMENT ON COLUMN async.concurrency_pool.target_id IS
  'Target whose own pool this is: same name, max_workers = its max_concurrency; null for any other pool';

/* The rows that every server starts with. A restore replaces them: see async.replace_seed_row(). */
INSERT INTO async.control DEFAULT VALUES;
INSERT INTO async.target(target, max_concurrency)
  SELECT c.self_target, c.self_concurrency FROM async.control c;
INSERT INTO async.concurrency_pool(concurrency_pool, max_workers, target_id)
  SELECT t.target, t.max_concurrency, t.target_id FROM async.target t;

-- pgasync_server/once/identity.sql
CREATE TABLE async.identity
(
  singleton BOOL NOT NULL DEFAULT true,
  server UUID NOT NULL,
  system_identifier BIGINT NOT NULL,   /* pg_control_system() */
  database OID NOT NULL,
  CONSTRAINT identity_pk PRIMARY KEY (singleton),
  CONSTRAINT identity_has_one_row CHECK (singleton)
);
COMMENT ON TABLE async.identity IS
  'Engine: who this server is to its targets, and where it was when the first orchestrator or async.claim_identity() said so';

-- pgasync_server/once/epoch.sql
/* An orchestrator's reign. Every row of receipts and batches carries it. */
CREATE TABLE async.epoch
(
  epoch BIGINT,
  token UUID NOT NULL,     /* tells two orchestrators that took the same epoch apart */
  pid INT NOT NULL,
  started TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT epoch_pk PRIMARY KEY (epoch)
);
COMMENT ON TABLE async.epoch IS 'Engine: orchestrators that have run on this server';

-- pgasync_server/once/lane.sql
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

-- pgasync_server/once/task.sql
/*
 * Tasks are inserted and never updated. What is in a lane behind the lane's position waits; what is in a batch runs;
 * what has a result is done. Each of the tables that hold open work has a row a task at most, deleted by key.
 */
CREATE SEQUENCE async.task_id_seq;
COMMENT ON SEQUENCE async.task_id_seq IS 'Engine: numbers tasks';

CREATE SEQUENCE async.seq;
COMMENT ON SEQUENCE async.seq IS
  'Engine: order of tasks in their lanes: drawn by the orchestrator only, hence in the order of its commits';

CREATE TABLE async.task
(
  task_id BIGINT,
  lane_id BIGINT,               /* null: recorded, never run */
  seq BIGINT,                   /* place in the lane */
  owner_id BIGINT NOT NULL,
  owner_item INT NOT NULL,
  key UUID,                     /* where given, a task exists once for its owner's item */
  query TEXT,                   /* null: the lane's call */
  argument JSONB,
  entered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  source TEXT,
  task_data JSONB,
  CONSTRAINT task_pk PRIMARY KEY (task_id)
);
CREATE INDEX task_lane_idx ON async.task(lane_id, seq);
CREATE UNIQUE INDEX task_key_idx ON async.task(owner_id, owner_item, key);
COMMENT ON TABLE async.task IS
  'Engine: tasks as they were pushed; never updated, removed task_keep_duration after their end';

-- pgasync_server/once/batch.sql
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

-- pgasync_server/once/offer.sql
/*
 * Tasks for workers outside the database: offered to them, then taken by one of them. Only the orchestrator makes rows
 * and removes them, and it passes over those that a worker's open transaction has locked.
 */
CREATE TABLE async.offer
(
  offer_no BIGINT GENERATED ALWAYS AS IDENTITY,
  task_id BIGINT NOT NULL,
  lane_id BIGINT NOT NULL,
  target_id INT NOT NULL,
  pool_id INT NOT NULL,
  priority INT NOT NULL,
  task_data JSONB,              /* what its worker gets */
  timeout INTERVAL,             /* of the task, from the first time that it is taken */
  ends TIMESTAMPTZ,             /* when that is over; null: it has not been taken yet */
  offered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  taken TIMESTAMPTZ,
  worker TEXT,                  /* application_name of the session that took it */
  times_up TIMESTAMPTZ NOT NULL,   /* by when it must have been finished or, as long as nobody has it, taken */
  CONSTRAINT offer_pk PRIMARY KEY (offer_no)
);
CREATE INDEX offer_task_idx ON async.offer(task_id);
CREATE INDEX offer_lane_idx ON async.offer(lane_id);
CREATE INDEX offer_times_up_idx ON async.offer(times_up);
CREATE INDEX offer_free_idx ON async.offer(target_id, priority, offer_no) WHERE taken IS NULL;
COMMENT ON TABLE async.offer IS 'Engine: tasks that workers outside the database may take, or have taken';

-- pgasync_server/once/result.sql
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

-- pgasync_server/once/intake.sql
/* How far the requests of each target, and this server (target_id 0), have been taken in. The newest row counts. */
CREATE TABLE async.intake
(
  target_id INT,
  intake_no BIGINT GENERATED ALWAYS AS IDENTITY,
  snapshot TXID_SNAPSHOT NOT NULL,
  taken TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),   /* later than the snapshot */
  CONSTRAINT intake_pk PRIMARY KEY (target_id, intake_no)
);
COMMENT ON TABLE async.intake IS
  'Engine: how far the requests of each target, and of this server (0), have been taken in';

-- pgasync_server/once/errand.sql
/* What extensions want done on targets, when there is time: with the next exchange at which requests are removed there. */
CREATE TABLE async.errand
(
  target_id INT,
  errand_id BIGINT GENERATED ALWAYS AS IDENTITY,
  routine TEXT NOT NULL,        /* function of the client extension; takes a JSONB array of such arguments */
  argument JSONB NOT NULL,
  CONSTRAINT errand_pk PRIMARY KEY (target_id, errand_id)
);
COMMENT ON TABLE async.errand IS 'Engine: small things to be done on targets, when there is time';

-- pgasync_server/once/task_kind.sql
CREATE TABLE async.task_kind
(
  kind TEXT,
  argument_type TEXT,     /* type of the argument that the call of the lane takes */
  header TEXT,            /* expression of that type, once a batch; $owner_id stands for that of the lane */
  argument TEXT,          /* expression of that type; $header, $task_id, $data and $label stand for theirs */
  preamble TEXT,          /* function (owner_id, target_id) returning what the first batch on a target must run */
  on_missing TEXT,        /* function (owner_id, target_id) called when a target turns out not to have it: PF014 */
  describe TEXT,          /* function (task ids) returning what a worker outside gets of each; null: its task_data */
  CONSTRAINT task_kind_pk PRIMARY KEY (kind)
);
COMMENT ON TABLE async.task_kind IS 'Engine: how the tasks of a lane become the argument of its call';

/* The engine's own: what async.push_tasks() queues. */
INSERT INTO async.task_kind(kind) VALUES ('query');

-- pgasync_server/once/hook.sql
/* Extensions on top of the engine register here; the engine knows nothing of them. */
CREATE TABLE async.hook
(
  owner TEXT,
  check_request TEXT,     /* function (async.request) that raises when one of kind '<owner>.…' makes no sense */
  on_requests TEXT,       /* function (async.request[]): requests of kind '<owner>.…' */
  on_results TEXT,        /* function (async.result_t[]): tasks of this owner that have ended */
  on_cycle TEXT,          /* function () returning whether there is more to do at once */
  on_maintenance TEXT,    /* function (keep interval): removes a piece of what ended longer ago than that */
  CONSTRAINT hook_pk PRIMARY KEY (owner)
);
COMMENT ON TABLE async.hook IS 'Engine: functions of other extensions that the orchestrator calls';

-- pgasync_server/once/log.sql
CREATE TABLE async.log_entry
(
  logged TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  level TEXT NOT NULL,
  message TEXT NOT NULL,
  CONSTRAINT log_entry_level_known CHECK (level IN ('DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR'))
);
CREATE INDEX log_entry_logged_idx ON async.log_entry(logged);
COMMENT ON TABLE async.log_entry IS 'What the orchestrator has to say; async.log() writes it';
COMMENT ON COLUMN async.log_entry.logged IS 'When it was written';
COMMENT ON COLUMN async.log_entry.level IS
  'DEBUG, INFO, NOTICE, WARNING or ERROR; less than log_level is not written';
COMMENT ON COLUMN async.log_entry.message IS 'What happened, on one line';

-- pgasync_server/once/state.sql
/*
 * What the orchestrator keeps in its session: variables, not tables, since these change with every cycle and a row
 * changed for ever costs ever more while somebody holds a transaction open.
 */
CREATE TYPE async.slot_t AS
(
  slot_no INT,
  target_id INT,
  connection TEXT,          /* name for dblink; null: adopted from an earlier orchestrator, only watched */
  pid INT,
  backend_start TIMESTAMPTZ,
  state TEXT,               /* opening, idle, busy, ended (awaits its receipts), watched (has no connection), closed */
  batch_id BIGINT,
  epoch BIGINT,
  ring INT,
  lane_id BIGINT,
  raw BOOL,
  pool_id INT,
  task_ids BIGINT[],
  sent TIMESTAMPTZ,
  progress TIMESTAMPTZ,     /* end of the last receipt seen in this batch, or sent */
  remaining BIGINT[],       /* task_ids without receipt or revocation, as last seen */
  seen TIMESTAMPTZ,         /* when that was */
  timeout INTERVAL,
  revoking BOOL,            /* a revocation is ordered and not answered; the slot gets nothing new before that */
  interrupted BOOL,         /* its session has been told to cancel: an error 57014 is nobody's */
  interrupt_at TIMESTAMPTZ, /* when; one that does not heed it is ended */
  terminate BOOL,           /* to be ended at the next exchange */
  gone BOOL,                /* watched: its session has ended or been ended; what has no receipt is being revoked */
  sqlstate TEXT,
  error TEXT,
  committed BOOL,           /* the task that the error hit had committed something by itself */
  query TEXT                /* assigned and to be sent once that is committed */
);
COMMENT ON TYPE async.slot_t IS 'Engine: a connection to a target and what runs there';

CREATE TYPE async.lane_state_t AS
(
  lane_id BIGINT,
  target_id INT,
  pool_id INT,
  priority INT,
  position BIGINT,          /* seq of the last task taken */
  served BIGINT,            /* tasks taken since the lane woke, for turns among equals */
  work FLOAT8,              /* seconds that its tasks have been taking, commit apart, or null */
  pace FLOAT8,              /* seconds from one to the next in a batch, commit and competition included, or null */
  requeued BOOL,            /* something of it may be in async.requeue */
  again BIGINT,             /* nothing of it is there up to this place */
  trimmed BIGINT,           /* its rows of async.lane_position are gone up to this one */
  empty BOOL,               /* nothing was left of it when it was last served */
  outside BOOL              /* workers outside the database run its tasks */
);
COMMENT ON TYPE async.lane_state_t IS 'Engine: a lane that may hold waiting tasks';

CREATE TYPE async.target_state_t AS
(
  target_id INT,
  target TEXT,
  is_self BOOL,
  connection_string TEXT,
  max_concurrency INT,
  state TEXT,               /* down, probing, up */
  helper_since TIMESTAMPTZ,
  failures INT,
  retry_at TIMESTAMPTZ,
  probed TIMESTAMPTZ,       /* when it was last seen to take connections */
  version INT,              /* server_version_num */
  has_client BOOL,          /* our client extension is installed there */
  registered BOOL,          /* this orchestrator has been there under its epoch */
  at_home BOOL,             /* another name for this database: its requests are taken in here */
  control_sent TIMESTAMPTZ, /* an exchange is under way since */
  next_exchange TIMESTAMPTZ,
  next_trim TIMESTAMPTZ,    /* when to remove the requests there that have been taken in */
  pause FLOAT8,             /* seconds between exchanges: 0.05 to 1 */
  snapshot TEXT,            /* its requests taken in */
  intake_no BIGINT,         /* the row of async.intake that says so */
  trimmed TEXT,             /* its requests removed */
  ring INT,
  ring_tasks BIGINT,        /* tasks assigned on this ring */
  revocations JSONB,        /* for the next exchange */
  in_flight JSONB,          /* what the exchange under way asked */
  answer JSONB,             /* what it answered, not looked at yet */
  trouble TEXT,             /* or why it did not */
  full_until TIMESTAMPTZ    /* when to try for more connections than it took */
);
COMMENT ON TYPE async.target_state_t IS 'Engine: a target as the orchestrator sees it';

CREATE TYPE async.loop_t AS
(
  server UUID,
  epoch BIGINT,
  token UUID,
  slots async.slot_t[],
  lanes async.lane_state_t[],
  targets async.target_state_t[],
  snapshot TXID_SNAPSHOT,   /* requests of this database taken in */
  intake_no BIGINT,         /* the row of async.intake that says so */
  trimmed TXID_SNAPSHOT,    /* requests of this database removed */
  configuration BIGINT,     /* configuration_version of async.control when targets were read */
  started TIMESTAMPTZ,
  paused BOOL,
  workers INT,
  flush TEXT,               /* of async.control */
  unflushed BOOL,           /* commits of tasks may have to be flushed before they are counted: it has been batch */
  next_due TIMESTAMPTZ,     /* when to look at async.delayed again */
  due_from TIMESTAMPTZ,     /* nothing that is due before is left there, or in async.yielded */
  next_maintenance TIMESTAMPTZ,
  untidy BOOL,              /* the last maintenance left something that it may remove at once */
  next_vacuum TIMESTAMPTZ,
  vacuumed JSONB,           /* by table: how many rows this session had removed when it was vacuumed */
  renewed JSONB,            /* by table: how many rows this session had removed when it was emptied last */
  hand BIGINT,              /* tasks up to this one have been looked at, whether they are old */
  floor BIGINT,             /* no task up to this one was left, but for those in the setting pgflow.lowest_task */
  last_cycle TIMESTAMPTZ,   /* end of the last full cycle */
  idle_since TIMESTAMPTZ,
  worked BOOL,              /* this cycle did something */
  pending BOOL,             /* and left something that the next can do at once */
  resting BOOL,             /* nothing runs or is expected, so that only requests can bring work */
  failures INT,             /* cycles that failed in a row */
  outside BOOL,             /* there may be tasks for workers outside the database */
  held INT[],               /* pools of those that are offered or taken, an element each; null: none are */
  bare INT[],               /* targets without our client extension, or null */
  stopping BOOL,
  in_test BOOL              /* the session has the setting pgflow.stop_at: see async.pass() */
);
COMMENT ON TYPE async.loop_t IS 'Engine: the state of the orchestrator between cycles';

-- pgasync_server/once/verdict.sql
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

-- pgasync_server/once/part.sql
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

-- pgasync_server/once/problem.sql
CREATE TYPE async.problem_t AS
(
  check_name TEXT,
  subject TEXT,
  message TEXT
);
COMMENT ON TYPE async.problem_t IS 'What async.check_consistency() has found: which check failed, of what, and what is wrong';
COMMENT ON COLUMN async.problem_t.check_name IS 'Which check has failed: docs/consistency.md has them all';
COMMENT ON COLUMN async.problem_t.subject IS 'What it is about, as in task 7 or batch 3';
COMMENT ON COLUMN async.problem_t.message IS 'What is wrong';

-- pgasync_server/every/add_errand.sql
CREATE FUNCTION async.add_errand(_target_id INT, _routine TEXT, _argument JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: has something small done on a target that has our client extension, some
 * seconds later, or when it can be reached again. It must do no harm to do it twice.
 *
 * _target_id: the target; _routine: function there that takes a JSONB array; _argument: an element of that array.
 * Writes async.errand.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.errand(target_id, routine, argument) VALUES (_target_id, _routine, _argument);
END;
$$;
COMMENT ON FUNCTION async.add_errand(INT, TEXT, JSONB) IS 'Engine: has something small done on a target';

-- pgasync_server/every/announce.sql
CREATE FUNCTION async.announce(_channel TEXT, _payload TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: a NOTIFY to be sent over the control connection of this database once this
 * cycle is committed. The orchestrator's own would be delivered, on older majors, only when CALL async.main()
 * returns.
 *
 * _channel, _payload: as pg_notify() takes them.
 * Kept in the setting pgflow.announcements, which is undone with the transaction.
 */
#variable_conflict error
BEGIN
  PERFORM set_config('pgflow.announcements', (
    coalesce(nullif(current_setting('pgflow.announcements', true), ''), '[]')::JSONB
    || jsonb_build_array(jsonb_build_array(_channel, _payload)))::TEXT, false);
END;
$$;
COMMENT ON FUNCTION async.announce(TEXT, TEXT) IS 'Engine: has a notification sent';

-- pgasync_server/every/apply_answer.sql
CREATE FUNCTION async.apply_answer(_s async.loop_t, _target INT, _answer JSONB)
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Draws the consequences of a target's answer for its slots: progress, revocations done, sessions gone, and batches
 * whose end is now known.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _answer: what async.attend()
 * answered.
 * Writes what async.settle_parts() and async.settle_batches() do.
 */
#variable_conflict error
DECLARE
  this_target async.target_state_t := (_s.targets)[_target];
  asked JSONB := this_target.in_flight;
  receipts async.receipt_t[] := ARRAY(
    SELECT ROW((r.value->>0)::BIGINT, (r.value->>1)::BIGINT, (r.value->>2)::TIMESTAMPTZ,
               (r.value->>3)::TIMESTAMPTZ)::async.receipt_t
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_answer->'receipts') = 'array' THEN _answer->'receipts' END) r);
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
  settled BIGINT[] := '{}'::BIGINT[];
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.target_id <> this_target.target_id OR slot.batch_id IS NULL
               OR NOT asked#>'{receipts,batch_ids}' @> to_jsonb(slot.batch_id);
    slot := async.note_receipts(slot, receipts);
    IF slot.revoking AND asked->'revoke' @> jsonb_build_array(jsonb_build_object('batch_id', slot.batch_id)) THEN
      slot.revoking := false;
      IF slot.interrupted AND NOT _answer->'troubles' @> to_jsonb(slot.batch_id) THEN
        slot.interrupt_at := coalesce(slot.interrupt_at, clock_timestamp());
      END IF;
    END IF;
    IF asked->'settle' @> to_jsonb(slot.batch_id) AND (slot.remaining IS NULL OR slot.state = 'ended') THEN
      settled := settled || slot.batch_id;
    ELSIF slot.state = 'watched' AND NOT slot.gone THEN
      slot := async.observe(slot, _answer->'sessions');
    END IF;
    slots[i] := slot;
  END LOOP;
  _s.slots := slots;
  _s := async.settle_parts(_s, receipts, settled);
  RETURN async.settle_batches(_s, settled, receipts);
END;
$$;
COMMENT ON FUNCTION async.apply_answer(async.loop_t, INT, JSONB) IS 'Engine: what follows from the answer of a target';

-- pgasync_server/every/apply_control.sql
CREATE FUNCTION async.apply_control(_control JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes the settings of a configuration over; what it does not name stays.
 *
 * _control: section control of a configuration that has been checked.
 * Writes async.control, async.target (name and limit of the target that is this database); the caller has locked the
 * row of the former.
 */
#variable_conflict error
BEGIN
  UPDATE async.target t
  SET
    target = coalesce(_control->>'self_target', t.target),
    max_concurrency = coalesce((_control->>'self_concurrency')::NUMERIC::INT, t.max_concurrency)
  FROM async.control c
  WHERE t.target = c.self_target;

  UPDATE async.control c
  SET
    workers = coalesce((_control->>'workers')::NUMERIC::INT, c.workers),
    idle_sleep = coalesce(async.parse_interval(_control->'idle_sleep'), c.idle_sleep),
    busy_sleep = coalesce(async.parse_interval(_control->'busy_sleep'), c.busy_sleep),
    default_timeout = CASE
      WHEN _control ? 'default_timeout' THEN async.parse_interval(_control->'default_timeout')
      ELSE c.default_timeout END,
    task_keep_duration = coalesce(async.parse_interval(_control->'task_keep_duration'), c.task_keep_duration),
    light_maintenance_sleep =
      coalesce(async.parse_interval(_control->'light_maintenance_sleep'), c.light_maintenance_sleep),
    heavy_maintenance_sleep =
      coalesce(async.parse_interval(_control->'heavy_maintenance_sleep'), c.heavy_maintenance_sleep),
    self_target = coalesce(_control->>'self_target', c.self_target),
    self_connection_string = CASE
      WHEN _control ? 'self_connection_string' THEN _control->>'self_connection_string'
      ELSE c.self_connection_string END,
    self_concurrency = coalesce((_control->>'self_concurrency')::NUMERIC::INT, c.self_concurrency),
    default_concurrency_pool_workers =
      coalesce((_control->>'default_concurrency_pool_workers')::NUMERIC::INT, c.default_concurrency_pool_workers),
    advisory_mutex_id = coalesce((_control->>'advisory_mutex_id')::NUMERIC::BIGINT, c.advisory_mutex_id),
    log_level = coalesce(_control->>'log_level', c.log_level),
    flush = coalesce(_control->>'flush', c.flush);
END;
$$;
COMMENT ON FUNCTION async.apply_control(JSONB) IS 'Engine: section control of async.configure()';

-- pgasync_server/every/apply_pools.sql
CREATE FUNCTION async.apply_pools(_pools JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes or changes the concurrency pools of a configuration, and brings the pool of each target's own in line with
 * the target. A pool that had the name before the target becomes the target's own.
 *
 * _pools: section concurrency_pools of a configuration that has been checked.
 * Writes async.concurrency_pool.
 */
#variable_conflict error
BEGIN
  UPDATE async.concurrency_pool p
  SET concurrency_pool = t.target, max_workers = t.max_concurrency
  FROM async.target t
  WHERE t.target_id = p.target_id
    AND (p.concurrency_pool, p.max_workers) IS DISTINCT FROM (t.target, t.max_concurrency);

  UPDATE async.concurrency_pool p
  SET max_workers = t.max_concurrency, target_id = t.target_id
  FROM async.target t
  WHERE t.target = p.concurrency_pool AND p.target_id IS NULL;

  INSERT INTO async.concurrency_pool(concurrency_pool, max_workers, target_id)
  SELECT t.target, t.max_concurrency, t.target_id
  FROM async.target t
  WHERE NOT EXISTS (SELECT FROM async.concurrency_pool p WHERE p.target_id = t.target_id)
  ORDER BY t.target_id;

  UPDATE async.concurrency_pool p
  SET max_workers = (g.item->>'max_workers')::NUMERIC::INT
  FROM jsonb_array_elements(_pools) AS g(item)
  WHERE p.concurrency_pool = g.item->>'concurrency_pool' AND g.item ? 'max_workers';

  INSERT INTO async.concurrency_pool(concurrency_pool, max_workers)
  SELECT g.item->>'concurrency_pool',
         coalesce((g.item->>'max_workers')::NUMERIC::INT, c.default_concurrency_pool_workers)
  FROM jsonb_array_elements(_pools) WITH ORDINALITY AS g(item, no)
  CROSS JOIN async.control c
  WHERE NOT EXISTS (SELECT FROM async.concurrency_pool p WHERE p.concurrency_pool = g.item->>'concurrency_pool')
  ORDER BY g.no;
END;
$$;
COMMENT ON FUNCTION async.apply_pools(JSONB) IS 'Engine: section concurrency_pools of async.configure()';

-- pgasync_server/every/apply_targets.sql
CREATE FUNCTION async.apply_targets(_targets JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes or changes the targets of a configuration; what it does not name stays. The target that is this database
 * keeps its connection string and its limit in async.control too.
 *
 * _targets: section targets of a configuration that has been checked.
 * Writes async.target, async.control; the caller has locked the row of the latter.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.target(target)
  SELECT g.item->>'target'
  FROM jsonb_array_elements(_targets) WITH ORDINALITY AS g(item, no)
  WHERE NOT EXISTS (SELECT FROM async.target t WHERE t.target = g.item->>'target')
  ORDER BY g.no;

  UPDATE async.target t
  SET
    connection_string = CASE
      WHEN t.target = c.self_target THEN NULL
      WHEN g.item ? 'connection_string' THEN g.item->>'connection_string'
      ELSE t.connection_string
    END,
    max_concurrency = coalesce((g.item->>'max_concurrency')::NUMERIC::INT, t.max_concurrency),
    asynchronous_finish = coalesce((g.item->>'asynchronous_finish')::BOOL, t.asynchronous_finish),
    default_timeout = CASE
      WHEN g.item ? 'default_timeout' THEN async.parse_interval(g.item->'default_timeout') ELSE t.default_timeout END,
    concurrency_track_yielded = coalesce((g.item->>'concurrency_track_yielded')::BOOL, t.concurrency_track_yielded),
    enabled = coalesce((g.item->>'enabled')::BOOL, t.enabled)
  FROM jsonb_array_elements(_targets) AS g(item)
  CROSS JOIN async.control c
  WHERE t.target = g.item->>'target';

  UPDATE async.control c
  SET
    self_concurrency = coalesce((g.item->>'max_concurrency')::NUMERIC::INT, c.self_concurrency),
    self_connection_string =
      CASE WHEN g.item ? 'connection_string' THEN g.item->>'connection_string' ELSE c.self_connection_string END
  FROM jsonb_array_elements(_targets) AS g(item)
  WHERE g.item->>'target' = c.self_target;
END;
$$;
COMMENT ON FUNCTION async.apply_targets(JSONB) IS 'Engine: section targets of async.configure()';

-- pgasync_server/every/approach_target.sql
CREATE FUNCTION async.approach_target(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Begins to connect to a target: this database at once; any other is first tried by a helper session, so that one
 * that does not answer holds nothing up.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: those of the connection to this database.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  helper TEXT := 'pgflow_helper_' || this_target.target_id;
BEGIN
  _s.worked := true;
  IF this_target.is_self THEN
    this_target.version := current_setting('server_version_num')::INT;
    this_target.has_client := true;
    targets[_target] := this_target;
    _s.targets := targets;
    RETURN async.open_control(_s, _target);
  END IF;
  PERFORM async.hang_up(helper);
  PERFORM async.dblink_connect(helper, async.build_conninfo(async.build_self_conninfo(), NULL, 'pgflow helper', true));
  PERFORM async.dblink_send(helper, format('SELECT async.probe(%L)', this_target.target_id));
  this_target.state := 'probing';
  this_target.helper_since := clock_timestamp();
  targets[_target] := this_target;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.approach_target(async.loop_t, INT) IS 'Engine: begins to connect to a target';

-- pgasync_server/every/ask_target.sql
CREATE FUNCTION async.ask_target(_s async.loop_t, _target INT, _busy BOOL) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sends a target the next exchange over its control connection, when there is something to ask: at once when work
 * there has ended or is to be revoked, or somebody is to be notified, otherwise every 50 ms while tasks run, less and
 * less often when nothing comes of it.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _busy: it has slots at work
 * or tasks waiting.
 * Errors: 08006 when the connection does not take it.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  announcements JSONB := CASE
    WHEN this_target.is_self THEN nullif(current_setting('pgflow.announcements', true), '')::JSONB END;
  tidying BOOL := clock_timestamp() > this_target.next_trim AND NOT this_target.at_home AND this_target.has_client;
  urgent BOOL := announcements IS NOT NULL OR EXISTS (
    SELECT FROM unnest(_s.slots) x
    WHERE x.target_id = this_target.target_id
      AND (x.state = 'ended' AND NOT this_target.is_self OR x.state = 'watched' AND x.gone AND NOT x.revoking));
BEGIN
  IF NOT this_target.has_client AND this_target.revocations IS NULL
       AND NOT EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.target_id = this_target.target_id AND x.terminate)
     OR NOT urgent AND this_target.next_exchange > clock_timestamp()
     OR this_target.is_self AND this_target.revocations IS NULL AND NOT urgent AND NOT _busy THEN
    RETURN _s;
  END IF;
  this_target.in_flight := async.build_exchange(_s, this_target)
    || jsonb_build_object('notify', coalesce(announcements, '[]'))
    || CASE WHEN tidying THEN async.build_upkeep(this_target) ELSE '{}' END;
  IF tidying THEN
    this_target.next_trim := clock_timestamp() + INTERVAL '2 s';
  END IF;
  IF announcements IS NOT NULL THEN
    PERFORM set_config('pgflow.announcements', '', false);
  END IF;
  this_target.revocations := NULL;
  this_target.control_sent := clock_timestamp();
  this_target.next_exchange := this_target.control_sent + this_target.pause * INTERVAL '1 s';
  targets[_target] := this_target;
  _s.targets := targets;
  IF async.dblink_send(
    'pgflow_control_' || this_target.target_id,
    -- lint: allow dynamic_sql: the message is quoted in both
    CASE WHEN this_target.has_client THEN format('SELECT async.attend(%L)', this_target.in_flight)
         ELSE async.build_bare_exchange(this_target.in_flight) END) <> 1
  THEN
    RAISE EXCEPTION 'control connection does not take a query' USING ERRCODE = 'connection_failure';
  END IF;
  IF _s.in_test THEN
    PERFORM async.pass('asked');
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.ask_target(async.loop_t, INT, BOOL) IS 'Engine: sends a target its next exchange';

-- pgasync_server/every/assert_fit.sql
CREATE FUNCTION async.assert_fit() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises when this session cannot host the orchestrator: under a statement_timeout it would be ended in mid-run; in a
 * copy of a server it would interfere with the targets of the original. Called before the session takes any lock.
 *
 * Errors: PF013; PF012 in a copy.
 * Reads async.identity.
 */
#variable_conflict error
BEGIN
  IF current_setting('statement_timeout') <> '0' THEN
    RAISE EXCEPTION 'the orchestrator cannot run under a statement_timeout' USING
      ERRCODE = 'PF013',
      DETAIL = format('statement_timeout is %s.', current_setting('statement_timeout')),
      HINT = 'SET statement_timeout = 0 before CALL async.main().';
  ELSIF EXISTS (
    SELECT FROM async.identity i CROSS JOIN pg_control_system() c JOIN pg_database d ON d.datname = current_database()
    WHERE (i.system_identifier, i.database) IS DISTINCT FROM (c.system_identifier, d.oid))
  THEN
    RAISE EXCEPTION 'this database is a copy of a pgflow server' USING
      ERRCODE = 'PF012',
      DETAIL = 'Its orchestrator would interfere with the targets of the original.',
      HINT = 'Run SELECT async.claim_identity() to make it a server of its own.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.assert_fit() IS 'Engine: whether this session can host the orchestrator';

-- pgasync_server/every/assign.sql
CREATE FUNCTION async.assign(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives waiting tasks to idle slots: lanes by priority, then by turns, each as many slots as its share of what its
 * target and pool have free. Nothing is sent before that is committed.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.batch, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  lanes async.lane_state_t[] := _s.lanes;
  candidate RECORD;
  filled RECORD;
  idle INT[];
BEGIN
  -- a loop: what one lane gets, the next cannot have
  FOR candidate IN SELECT c.* FROM async.rank_lanes(_s) c LOOP
    CONTINUE WHEN lanes[candidate.n].empty;
    SELECT array_agg(f.n ORDER BY f.n) INTO idle
    FROM async.find_idle_slots(_s, slots, candidate.target_id, candidate.pool_id) f(n);
    CONTINUE WHEN idle IS NULL;
    idle := idle[1:greatest(1, ceil(cardinality(idle)::NUMERIC / candidate.rivals)::INT)];
    filled := async.fill_slots(_s, slots, lanes[candidate.n], idle);
    slots := filled.slots;
    lanes[candidate.n] := filled.lane;
    _s.worked := true;
  END LOOP;
  _s.slots := slots;
  _s.lanes := lanes;
  RETURN async.count_towards_rotation(_s);
END;
$$;
COMMENT ON FUNCTION async.assign(async.loop_t) IS 'Engine: gives waiting tasks to idle slots';

-- pgasync_server/every/attend_targets.sql
CREATE FUNCTION async.attend_targets(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One step with every target that is of use now: connect, ask, or take in what it answered; waits for none of them.
 * Trouble with a target is logged and touches no other.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry, and what follows from the answers.
 */
#variable_conflict error
DECLARE
  this_target async.target_state_t;
  detail TEXT;
  busy INT[] := ARRAY(
    SELECT l.target_id FROM unnest(_s.lanes) l WHERE NOT l.empty AND NOT l.outside
    UNION SELECT x.target_id FROM unnest(_s.slots) x WHERE x.state <> 'idle');
BEGIN
  FOR i IN 1..coalesce(cardinality(_s.targets), 0) LOOP
    this_target := _s.targets[i];
    BEGIN
      CASE
        WHEN this_target.state = 'up' AND this_target.control_sent IS NOT NULL THEN
          _s := async.read_answer(_s, i);
        WHEN this_target.state = 'up' THEN
          _s := async.ask_target(_s, i, this_target.target_id = ANY(busy));
        WHEN this_target.state = 'probing' THEN
          _s := async.check_probe(_s, i);
        WHEN this_target.state = 'down' AND clock_timestamp() >= this_target.retry_at
             AND (this_target.is_self OR this_target.target_id = ANY(busy)) THEN
          _s := async.approach_target(_s, i);
        ELSE NULL;
      END CASE;
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      _s := async.lose_target(_s, i, concat_ws(': ', SQLERRM, translate(nullif(detail, ''), E'\n\t', '  ')));
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.attend_targets(async.loop_t) IS 'Engine: one step with every target';

-- pgasync_server/every/begin_reign.sql
CREATE FUNCTION async.begin_reign() RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes the state of an orchestrator that starts: identity of the server, made on the first start, and a new epoch. One
 * that runs nevertheless, by a mutex that was configured otherwise then, is waited for until the end of its cycle; its
 * next finds that it has been replaced.
 *
 * Writes async.identity, async.epoch, async.log_entry; locks async.epoch EXCLUSIVE.
 */
#variable_conflict error
DECLARE
  s async.loop_t;
BEGIN
  LOCK TABLE async.epoch IN EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM async.identity) THEN
    PERFORM async.claim_identity();
  END IF;
  s.server := (SELECT i.server FROM async.identity i);
  s.token := md5(concat(clock_timestamp(), random(), pg_backend_pid()))::UUID;
  s.slots := '{}';
  s.lanes := '{}';
  s.targets := '{}';
  s.started := clock_timestamp();
  s.idle_since := s.started;
  s.next_due := '-infinity';
  s.last_cycle := '-infinity';
  s.worked := true;
  s.pending := true;
  s.resting := false;
  s.next_maintenance := s.started;
  s.stopping := false;
  s.outside := false;
  s.in_test := coalesce(current_setting('pgflow.stop_at', true), '') <> '';
  s.due_from := '-infinity';
  s.untidy := false;
  s.next_vacuum := s.started;
  s.vacuumed := '{}';
  s.renewed := '{}';
  s.hand := 0;
  s.floor := 0;
  SELECT i.snapshot, i.intake_no INTO s.snapshot, s.intake_no
  FROM async.intake i WHERE i.target_id = 0 ORDER BY i.intake_no DESC LIMIT 1;
  s := async.take_epoch(s, 0);
  PERFORM async.log('NOTICE', format('orchestrator with epoch %s begins', s.epoch));
  RETURN s;
END;
$$;
COMMENT ON FUNCTION async.begin_reign() IS 'Engine: the state of an orchestrator that starts';

-- pgasync_server/every/build_bare_exchange.sql
CREATE FUNCTION async.build_bare_exchange(_message JSONB) RETURNS TEXT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The query that takes the place of async.attend() on a target without our client extension: it cancels and ends
 * sessions, and that is all.
 *
 * _message: as async.attend() takes it; of it count revoke, where cancel is set, and terminate.
 */
SELECT format($query$
  SELECT pg_catalog.jsonb_build_object(
    'troubles', '[]'::pg_catalog.JSONB,
    'canceled', (
      SELECT pg_catalog.count(pg_catalog.pg_cancel_backend(a.pid))
      FROM pg_catalog.jsonb_array_elements(m.message OPERATOR(pg_catalog.->) 'revoke') j(job)
      JOIN pg_catalog.pg_stat_activity a
        ON a.pid OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 'pid')::pg_catalog.INT4
        AND a.backend_start OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 'start')::pg_catalog.TIMESTAMPTZ
      WHERE (j.job OPERATOR(pg_catalog.->>) 'cancel')::pg_catalog.BOOL),
    'terminated', (
      SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid))
      FROM pg_catalog.jsonb_array_elements(m.message OPERATOR(pg_catalog.->) 'terminate') j(job)
      JOIN pg_catalog.pg_stat_activity a
        ON a.pid OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 0)::pg_catalog.INT4
        AND a.backend_start OPERATOR(pg_catalog.=) (j.job OPERATOR(pg_catalog.->>) 1)::pg_catalog.TIMESTAMPTZ))
  FROM (SELECT %L::pg_catalog.JSONB AS message) m
$query$, _message);
$$;
COMMENT ON FUNCTION async.build_bare_exchange(JSONB) IS
  'Engine: what takes the place of async.attend() where our client extension is not installed';

-- pgasync_server/every/build_conninfo.sql
CREATE FUNCTION async.build_conninfo(_conninfo TEXT, _version INT, _name TEXT, _control BOOL)
RETURNS TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A connection string with what the engine needs of its sessions. As connection options these outlive RESET ALL and
 * take precedence over settings of the role. client_min_messages = error lets a callback go on when the orchestrator
 * is gone: a NOTICE to a dead socket would end it. Options that are configured come first, so that ours win.
 *
 * _conninfo: what is configured, a conninfo or the name of a foreign server; _version: server_version_num of the target,
 * or null; _name: application_name; _control: for a control connection, which must wait for no lock.
 * Errors: as async.resolve_connection().
 */
SELECT concat_ws(' ',
  r.conninfo,
  'connect_timeout=3 keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3',
  CASE WHEN current_setting('server_version_num')::INT >= 120000 THEN 'tcp_user_timeout=30000' END,
  'application_name=' || async.quote_conninfo_value(_name),
  'options=' || async.quote_conninfo_value(concat_ws(' ',
    (SELECT string_agg(p.setting, ' ' ORDER BY p.n) FROM async.parse_conninfo(r.conninfo) p WHERE p.keyword = 'options'),
    '-c client_min_messages=error -c statement_timeout=0 -c idle_in_transaction_session_timeout=0',
    '-c synchronous_commit=on -c pgflow.engine=on',
    CASE WHEN _control THEN
      '-c lock_timeout=500 -c default_transaction_isolation=read\ committed -c search_path=pg_catalog '
      '-c enable_seqscan=off -c jit=off'
    ELSE '-c lock_timeout=0' END,
    CASE WHEN _version >= 140000 THEN '-c idle_session_timeout=0 -c client_connection_check_interval=0' END,
    CASE WHEN _version >= 170000 THEN '-c transaction_timeout=0' END)))
FROM (SELECT async.resolve_connection(_conninfo) AS conninfo) r;
$$;
COMMENT ON FUNCTION async.build_conninfo(TEXT, INT, TEXT, BOOL) IS
  'Engine: a connection string with the engine''s settings';

-- pgasync_server/every/build_exchange.sql
CREATE FUNCTION async.build_exchange(_s async.loop_t, _target async.target_state_t) RETURNS JSONB
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The message of the next exchange with a target, as async.attend() takes it. In it, settle is for the sender's own
 * use: batches that have ended, so that what the answer says of them is final. since is what an earlier cycle has
 * committed; requests of this database are none of the exchange's business.
 *
 * _s: state of the orchestrator; _target: the target.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT jsonb_build_object(
        'server', _s.server,
        'since', _target.snapshot,
        'requests', NOT _target.at_home,
        'revoke', coalesce(_target.revocations, '[]'),
        'terminate', coalesce(jsonb_agg(jsonb_build_array(x.pid, x.backend_start)) FILTER (WHERE x.terminate), '[]'),
        'sessions', coalesce(jsonb_agg(x.pid) FILTER (WHERE x.state = 'watched' AND NOT x.gone), '[]'),
        'flush', coalesce(bool_or(_s.unflushed OR x.state = 'watched'), false),
        'receipts', jsonb_build_object(
          'epochs', coalesce(jsonb_agg(x.epoch), '[]'), 'batch_ids', coalesce(jsonb_agg(x.batch_id), '[]')),
        'settle', coalesce(jsonb_agg(x.batch_id) FILTER (WHERE x.state = 'ended' OR x.gone), '[]'))
      || CASE WHEN _target.ring_tasks >= 50000 THEN jsonb_build_object('rotate', jsonb_build_object(
           'ring', 1 - _target.ring,
           'newest', (SELECT q.last_value FROM async.batch_id_seq q),
           'open', (SELECT coalesce(jsonb_agg(o.batch_id), '[]') FROM unnest(_s.slots) o WHERE o.batch_id IS NOT NULL)))
         ELSE '{}' END
    FROM unnest(_s.slots) x
    WHERE x.target_id = _target.target_id AND x.batch_id IS NOT NULL
      AND (x.state <> 'busy' OR x.terminate OR x.revoking OR x.sent < clock_timestamp() - INTERVAL '50 ms'));
END;
$$;
COMMENT ON FUNCTION async.build_exchange(async.loop_t, async.target_state_t) IS 'Engine: what to ask a target next';

-- pgasync_server/every/build_message.sql
CREATE FUNCTION async.build_message(
  _s async.loop_t,
  _slot async.slot_t,
  _lane async.lane,
  _part async.part_t) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The message that runs a slot's batch: a DO block that runs each task in a transaction of its own, whose last row is
 * its receipt. CALL stands in it as a statement, for only so may the procedure commit; quote_literal() keeps the
 * block whole whatever the tasks hold. It gives up after a time, handing back what it has not begun. A raw task is
 * sent as it is.
 *
 * Whether a task may begin is asked only where it could have been revoked: async.revoke_waiting() takes back only what
 * stands behind a task that it has seen at work for 50 ms, by the end of the one before. What is done for each task
 * is done in the block, without a function around it. The setting pgflow.task is for async.has_committed().
 *
 * _s: state of the orchestrator; _slot: with its batch; _lane: the lane of the tasks; _part: the tasks.
 */
#variable_conflict error
DECLARE
  lane_kind async.task_kind;
  prelude TEXT;
BEGIN
  IF _lane.raw THEN
    RETURN (_part.queries)[1];
  END IF;
  SELECT k.* INTO STRICT lane_kind FROM async.task_kind k WHERE k.kind = _lane.kind;
  IF lane_kind.preamble IS NOT NULL THEN
    EXECUTE format('SELECT %s($1, $2)', lane_kind.preamble::REGPROC) INTO prelude USING _lane.owner_id, _slot.target_id;
  END IF;
  -- lint: allow dynamic_sql: what is put in is a number or quoted, and the whole is quoted once more
  RETURN 'DO ' || quote_literal(concat(
    'DECLARE pgflow_tasks CONSTANT BIGINT[] := ', quote_literal(_slot.task_ids), '; ',
    'pgflow_began TIMESTAMPTZ; pgflow_until TIMESTAMPTZ; pgflow_started TIMESTAMPTZ; pgflow_mark TEXT; ',
    'pgflow_ended TIMESTAMPTZ := pg_catalog.statement_timestamp(); pgflow_before TIMESTAMPTZ := ''-infinity''; ',
    CASE WHEN lane_kind.argument_type IS NOT NULL THEN concat(
      'pgflow_data CONSTANT JSONB[] := ', quote_literal(_part.data), '; ',
      'pgflow_header ', lane_kind.argument_type, '; pgflow_argument ', lane_kind.argument_type, '; ')
    ELSE concat('pgflow_queries CONSTANT TEXT[] := ', quote_literal(_part.queries), '; ') END,
    'BEGIN RESET SESSION AUTHORIZATION; RESET ROLE; ',
    format('pgflow_began := async.begin_batch(%L, %s); ', _s.server, _slot.epoch),
    'pgflow_until := pgflow_began OPERATOR(pg_catalog.+) ''300 ms''; ',
    prelude,
    CASE WHEN lane_kind.header IS NOT NULL THEN
      concat('pgflow_header := ', replace(lane_kind.header, '$owner_id', _lane.owner_id::TEXT), '; ') END,
    'FOR pgflow_i IN 1..', cardinality(_slot.task_ids), ' LOOP ',
    'pgflow_started := pg_catalog.clock_timestamp(); ',
    'IF pgflow_started OPERATOR(pg_catalog.>) (pgflow_before OPERATOR(pg_catalog.+) ''20 ms'') ',
    'OR pgflow_started OPERATOR(pg_catalog.>) pgflow_until THEN ',
    format('CONTINUE WHEN NOT async.may_begin(%s, %L, %s, %s, pgflow_tasks[pgflow_i], pgflow_i, pgflow_began); END IF; ',
           _slot.ring, _s.server, _slot.epoch, _slot.batch_id),
    'pgflow_before := pgflow_ended; pgflow_mark := pg_catalog.set_config(''pgflow.task'', ''begun'', false); ',
    async.build_statement(lane_kind, _part.sole, _lane.label),
    ' RESET SESSION AUTHORIZATION; RESET ROLE; ',
    format('pgflow_ended := async.end_task(%s, %L, %s, %s, pgflow_tasks[pgflow_i], pgflow_started); ',
           _slot.ring, _s.server, _slot.epoch, _slot.batch_id),
    CASE WHEN _s.flush = 'batch' THEN 'SET LOCAL synchronous_commit = off; ' END, 'COMMIT; END LOOP; END'));
END;
$$;
COMMENT ON FUNCTION async.build_message(async.loop_t, async.slot_t, async.lane, async.part_t) IS
  'Engine: the message that runs a batch';

-- pgasync_server/every/build_refusal.sql
CREATE FUNCTION async.build_refusal() RETURNS TEXT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* What is sent in place of a task that needs our client extension to a target that does not have it. */
SELECT $query$
  DO 'BEGIN RAISE EXCEPTION ''this target has not the client extension that the task needs'' USING
    ERRCODE = ''undefined_object'', HINT = ''Run CREATE EXTENSION pgflow CASCADE there.''; END'
$query$::TEXT;
$$;
COMMENT ON FUNCTION async.build_refusal() IS
  'Engine: sent in place of a task that needs our client extension to a target that does not have it';

-- pgasync_server/every/build_self_conninfo.sql
CREATE FUNCTION async.build_self_conninfo() RETURNS TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How this session connects to its own database: control.self_connection_string, or the first Unix socket directory
 * of the server (loopback where it has none), its port, and the user and database of this session.
 *
 * Reads async.control.
 */
SELECT coalesce(
  (SELECT c.self_connection_string FROM async.control c),
  format(
    'host=%s port=%s dbname=%s user=%s',
    async.quote_conninfo_value(coalesce(
      nullif(trim(split_part(current_setting('unix_socket_directories'), ',', 1)), ''), '127.0.0.1')),
    current_setting('port'),
    async.quote_conninfo_value(current_database()::TEXT),
    async.quote_conninfo_value(session_user::TEXT)));
$$;
COMMENT ON FUNCTION async.build_self_conninfo() IS 'Engine: how the orchestrator connects to its own database';

-- pgasync_server/every/build_statement.sql
CREATE FUNCTION async.build_statement(_kind async.task_kind, _query TEXT, _label TEXT) RETURNS TEXT
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The part of a batch's message that does the work of one task: a CALL with the argument of its kind, a CALL as it
 * was pushed (checked first to be one), or whatever each task brings.
 *
 * _kind: of the lane; _query: what all tasks of the message call, null: each its own; _label: that of the lane.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT CASE
      -- lint: allow dynamic_sql: the name of the routine was quoted when the lane was made
      WHEN _kind.argument_type IS NOT NULL THEN concat(
        'pgflow_argument := ',
        replace(replace(replace(replace(
          _kind.argument, '$header', 'pgflow_header'), '$task_id', 'pgflow_tasks[pgflow_i]'),
          '$data', 'pgflow_data[pgflow_i]'), '$label', quote_nullable(_label)),
        '; CALL ', _query, '(pgflow_argument);')
      -- lint: allow dynamic_sql: this is the user's own statement
      WHEN _query IS NOT NULL THEN concat(
        'PERFORM async.assert_single_call(', quote_literal(_query), '); ', rtrim(_query, E'; \n\t'), E'\n;')
      ELSE 'PERFORM async.assert_single_statement(pgflow_queries[pgflow_i]); EXECUTE pgflow_queries[pgflow_i];' END);
END;
$$;
COMMENT ON FUNCTION async.build_statement(async.task_kind, TEXT, TEXT) IS
  'Engine: the part of a message that does the work';

-- pgasync_server/every/build_upkeep.sql
CREATE FUNCTION async.build_upkeep(_target async.target_state_t) RETURNS JSONB LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The part of an exchange that tidies up on a target, now and then: requests that have been taken in are removed,
 * errands run, up to a thousand. errand_ids is for the sender's own use.
 *
 * _target: the target.
 * Reads async.errand.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT jsonb_build_object('trim', true, 'trimmed', _target.trimmed)
      || CASE WHEN count(*) > 0 THEN jsonb_build_object('errands', jsonb_agg(r.errand), 'errand_ids', jsonb_agg(r.ids))
         ELSE '{}' END
    FROM (
      SELECT jsonb_build_object('routine', e.routine, 'arguments', jsonb_agg(e.argument)) AS errand,
             jsonb_agg(e.errand_id) AS ids
      FROM (SELECT o.* FROM async.errand o WHERE o.target_id = _target.target_id ORDER BY o.errand_id LIMIT 1000) e
      GROUP BY e.routine) r);
END;
$$;
COMMENT ON FUNCTION async.build_upkeep(async.target_state_t) IS 'Engine: the part of an exchange that tidies up';

-- pgasync_server/every/can_assign.sql
CREATE FUNCTION async.can_assign(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether tasks may still wait although slots of their target are idle: the next cycle then comes at once.
 *
 * _s: state of the orchestrator.
 */
#variable_conflict error
BEGIN
  RETURN EXISTS (
    SELECT FROM async.rank_lanes(_s) c
    CROSS JOIN LATERAL async.find_idle_slots(_s, _s.slots, c.target_id, c.pool_id));
END;
$$;
COMMENT ON FUNCTION async.can_assign(async.loop_t) IS 'Engine: whether more can be assigned at once';

-- pgasync_server/every/cancel_owned.sql
CREATE FUNCTION async.cancel_owned(_owner TEXT, _owner_id BIGINT, _owner_item INT, _message TEXT)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: cancels all that an owner has open, or the members of one of its items.
 * What waits is canceled piece by piece, what runs is interrupted in the next cycle; each ends with a result of its
 * own. The setting pgflow.doomed names the lanes to async.drain_doomed_lane(); it is undone with the transaction.
 *
 * _owner, _owner_id: the owner; _owner_item: the item, null: everything; _message: reason that the views show.
 * Writes async.doomed_lane, async.request.
 */
#variable_conflict error
DECLARE
  doomed TEXT;
BEGIN
  WITH newly AS
  (
    INSERT INTO async.doomed_lane(lane_id, message)
    SELECT l.lane_id, _message
    FROM async.lane l JOIN async.open_lane o ON o.lane_id = l.lane_id
    WHERE l.owner = _owner AND l.owner_id = _owner_id AND (_owner_item IS NULL OR l.owner_item = _owner_item)
    ON CONFLICT DO NOTHING
    RETURNING lane_id
  )
  SELECT string_agg(n.lane_id::TEXT, ',') INTO doomed FROM newly n;
  PERFORM set_config(
    'pgflow.doomed', concat_ws(',', nullif(current_setting('pgflow.doomed', true), ''), doomed), false);
  PERFORM async.add_request('async.interrupt', jsonb_build_object(
    'owner', _owner, 'owner_id', _owner_id, 'owner_item', _owner_item, 'message', _message));
END;
$$;
COMMENT ON FUNCTION async.cancel_owned(TEXT, BIGINT, INT, TEXT) IS 'Engine: cancels what an owner has open';

-- pgasync_server/every/check_configuration.sql
CREATE FUNCTION async.check_configuration(_configuration JSONB) RETURNS VOID
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises one error that says all that is wrong with a configuration of the engine; no connection string is part of
 * it.
 *
 * _configuration: what async.configure() was given.
 * Errors: PF006.
 */
#variable_conflict error
DECLARE
  lines TEXT[];
  problems BIGINT;
  hint TEXT;
BEGIN
  IF jsonb_typeof(_configuration) IS DISTINCT FROM 'object' THEN
    lines := ARRAY['it must be an object with the keys control, targets and concurrency_pools'];
    problems := 1;
  ELSE
    SELECT
      array_agg(
        p.line || coalesce(' (did you mean "' || async.find_nearest_name(p.wrong, p.known) || '"?)', '') ORDER BY p.no)
        FILTER (WHERE p.no <= 50),
      count(*),
      CASE WHEN bool_or(p.line LIKE '%connection_string holds a password') THEN
        'Keep a password in a service file, a password file or the user mapping of a foreign server, '
        'or say "allow_password": true.'
      END
    INTO lines, problems, hint
    FROM
    (
      SELECT a.line, a.wrong, a.known, row_number() OVER (ORDER BY a.place, a.item_no, a.line COLLATE "C") AS no
      FROM
      (
        SELECT s.place, s.item_no, s.problem AS line, s.wrong, s.known FROM async.find_shape_problems(_configuration) s
        UNION ALL
        SELECT t.place, t.item_no, t.problem, NULL, NULL FROM async.find_target_problems(_configuration) t
        UNION ALL
        SELECT t.place, t.item_no, t.problem, NULL, NULL FROM async.find_self_target_problems(_configuration) t
        UNION ALL
        SELECT l.place, l.item_no, l.problem, NULL, NULL FROM async.find_pool_problems(_configuration) l
      ) a
    ) p;
  END IF;

  PERFORM async.raise_configuration_error('configuration of the task engine is not valid', lines, problems, hint);
END;
$$;
COMMENT ON FUNCTION async.check_configuration(JSONB) IS
  'Engine: raises PF006 with all that is wrong with a configuration of the engine';

-- pgasync_server/every/check_consistency.sql
CREATE FUNCTION async.check_consistency() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET jit = off AS
$$
/*
 * Whether the tables of the task engine agree with each other: every task is in one place, and nothing is left of what
 * has ended. Holds at any time, whatever runs meanwhile, since the orchestrator commits no half-done cycle. It is STABLE,
 * and so are those that it calls: all of them see the one snapshot of the statement that calls it. Reads a few times what is
 * open and what is kept; without nested loops that takes time in proportion, even where tables have no statistics.
 *
 * Returns a row a problem; none: all is well.
 */
SELECT p.* FROM async.find_place_problems() p
UNION ALL
SELECT p.* FROM async.find_mark_problems() p
UNION ALL
SELECT p.* FROM async.find_batch_problems() p
UNION ALL
SELECT p.* FROM async.find_lane_problems() p
UNION ALL
SELECT p.* FROM async.find_limit_problems() p;
$$;
COMMENT ON FUNCTION async.check_consistency() IS 'Whether the tables of the task engine agree: a row a problem';

-- pgasync_server/every/check_finish.sql
CREATE FUNCTION async.check_finish(_payload JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses answers for tasks that are not there or have ended. A task is there from its push on.
 *
 * _payload: that of a request async.finish.
 * Errors: PF004, PF005.
 * Reads async.task, async.request, async.result.
 */
#variable_conflict error
DECLARE
  asked BIGINT[] := ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_payload->'task_ids') u);
  wrong TEXT;
BEGIN
  SELECT string_agg(u.task_id::TEXT, ', ') INTO wrong
  FROM unnest(asked) u(task_id)
  WHERE NOT EXISTS (SELECT FROM async.task t WHERE t.task_id = u.task_id)
    AND NOT EXISTS (
      SELECT FROM async.request q WHERE q.kind = 'async.push' AND q.payload->'task_ids' @> to_jsonb(u.task_id));
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'unknown task: %', wrong USING ERRCODE = 'PF004';
  END IF;
  SELECT string_agg(u.task_id::TEXT, ', ') INTO wrong
  FROM unnest(asked) u(task_id) JOIN async.result r ON r.task_id = u.task_id;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'task has ended: %', wrong USING ERRCODE = 'PF005';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_finish(JSONB) IS 'Engine: refuses answers for tasks that are not there or have ended';

-- pgasync_server/every/check_keys.sql
CREATE FUNCTION async.check_keys(
  _objects JSONB,
  _rules JSONB,
  _null_allowed BOOL,
  OUT object_no INT,
  OUT problem TEXT,
  OUT unknown_key TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the keys of the objects of a configuration, each for itself.
 *
 * _objects: array of the objects; items that are no objects are passed over.
 * _rules: {key: {"kind": …, "least": …, "most": …, "words": […], "null": …}}; the CASE below has the kinds.
 * _null_allowed: any key may be null; otherwise only one whose rule has a true "null".
 * Returns a row a problem: place of the object in the array from 1, what is wrong, the key where no rule knows it.
 */
SELECT
  o.no::INT,
  CASE
    WHEN r.kind IS NULL THEN format('unknown key %s', to_json(v.key))
    ELSE format('%s must be %s', v.key, async.describe_wanted_value(r.rule, v.value))
  END,
  CASE WHEN r.kind IS NULL THEN v.key END
FROM jsonb_array_elements(_objects) WITH ORDINALITY AS o(item, no)
CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(o.item) = 'object' THEN o.item ELSE '{}' END) AS v
LEFT JOIN
(
  SELECT
    e.key, e.value AS rule, e.value->>'kind' AS kind, e.value->'words' AS words,
    (e.value->>'least')::NUMERIC AS least, (e.value->>'most')::NUMERIC AS most,
    _null_allowed OR coalesce((e.value->'null')::BOOL, false) AS null_allowed
  FROM jsonb_each(_rules) AS e
) r ON r.key = v.key
WHERE CASE jsonb_typeof(v.value)
  WHEN 'null' THEN NOT r.null_allowed
  WHEN 'boolean' THEN r.kind <> 'boolean'
  WHEN 'array' THEN
    CASE r.kind
      WHEN 'array' THEN false
      -- of errors, so not of class 00
      WHEN 'sqlstates' THEN
        v.value::TEXT !~ '^\[(|"(?!00)[0-9A-Z]{2}([0-9A-Z]{3})?"(, "(?!00)[0-9A-Z]{2}([0-9A-Z]{3})?")*)\]$'
      ELSE true
    END
  WHEN 'object' THEN true
  WHEN 'number' THEN
    CASE r.kind
      WHEN 'integer' THEN v.value::NUMERIC NOT BETWEEN r.least AND r.most OR v.value::NUMERIC % 1 <> 0
      WHEN 'number' THEN v.value::NUMERIC NOT BETWEEN r.least AND r.most
      WHEN 'duration' THEN coalesce(async.parse_interval(v.value) <= '0', true)
      WHEN 'delay' THEN async.parse_interval(v.value) IS NULL
      ELSE true
    END
  ELSE
    CASE r.kind
      WHEN 'identifier' THEN NOT async.is_routine_name(v.value#>>'{}', false)
      WHEN 'routine' THEN NOT async.is_routine_name(v.value#>>'{}', true)
      WHEN 'label' THEN NOT async.is_label(v.value#>>'{}')
      WHEN 'string' THEN false
      WHEN 'secret' THEN (v.value#>>'{}') !~ '\S'
      WHEN 'word' THEN NOT r.words ? (v.value#>>'{}')
      WHEN 'duration' THEN coalesce(async.parse_interval(v.value) <= '0', true)
      WHEN 'delay' THEN async.parse_interval(v.value) IS NULL
      ELSE true
    END
  END IS NOT false;
$$;
COMMENT ON FUNCTION async.check_keys(JSONB, JSONB, BOOL) IS
  'Engine: unknown keys and wrong values of the objects of a configuration';

-- pgasync_server/every/check_probe.sql
CREATE FUNCTION async.check_probe(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Looks whether a target's helper session has come to a result: then the control connection is opened. One that takes
 * more than 10 s is given up.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: those of the connection that was tried, 08006 when the time is up.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  helper TEXT := 'pgflow_helper_' || this_target.target_id;
  report TEXT;
BEGIN
  IF async.is_busy(helper) THEN
    IF clock_timestamp() > this_target.helper_since + INTERVAL '10 s' THEN
      RAISE EXCEPTION 'target % does not answer', this_target.target USING ERRCODE = 'connection_failure';
    END IF;
    RETURN _s;
  END IF;
  SELECT r.answer INTO report FROM async.dblink_result(helper) r(answer);
  PERFORM async.hang_up(helper);
  this_target.version := split_part(report, ' ', 1)::INT;
  this_target.has_client := split_part(report, ' ', 2)::BOOL;
  this_target.at_home := (
    SELECT split_part(report, ' ', 3) = i.system_identifier || '/' || i.database FROM async.identity i);
  _s.bare := nullif(array_remove(coalesce(_s.bare, '{}'), this_target.target_id)
    || CASE WHEN NOT this_target.has_client THEN ARRAY[this_target.target_id] ELSE '{}' END, '{}');
  targets[_target] := this_target;
  _s.targets := targets;
  RETURN async.open_control(_s, _target);
END;
$$;
COMMENT ON FUNCTION async.check_probe(async.loop_t, INT) IS 'Engine: looks whether a helper has reached its target';

-- pgasync_server/every/check_push.sql
CREATE FUNCTION async.check_push(_tasks async.task_push_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises unless every task names a known target, and one that it can run on: a task without a query is for workers
 * outside the database; one with a query needs a target that can be connected to.
 *
 * _tasks: what async.push_tasks() was given.
 * Errors: PF007, 22004, 22023.
 * Reads async.target, async.control.
 */
#variable_conflict error
DECLARE
  wrong TEXT;
BEGIN
  IF EXISTS (SELECT FROM unnest(_tasks) u WHERE u.target IS NULL) THEN
    RAISE EXCEPTION 'a task needs a target' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  SELECT string_agg(DISTINCT quote_ident(u.target), ', ') INTO wrong
  FROM unnest(_tasks) u WHERE NOT EXISTS (SELECT FROM async.target t WHERE t.target = u.target);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'unknown target: %', wrong USING ERRCODE = 'PF007', HINT = 'Add it with async.configure().';
  END IF;
  SELECT string_agg(DISTINCT quote_ident(t.target), ', ') INTO wrong
  FROM unnest(_tasks) u JOIN async.target t ON t.target = u.target
  WHERE u.query IS NOT NULL AND async.has_no_connection(t);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'target without a connection takes no query: %', wrong USING
      ERRCODE = 'invalid_parameter_value',
      HINT = 'Its tasks are taken by workers outside the database, with async.get_tasks(): push them without a query.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_push(async.task_push_t[]) IS 'Engine: refuses tasks that could never run';

-- pgasync_server/every/check_request.sql
CREATE FUNCTION async.check_request(_request async.request) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses requests that make no sense while the caller can still be told; those of another extension by its hook.
 * Called by async.add_request() on a server: a trigger would keep this extension from being dropped, the table being
 * another's.
 *
 * _request: what is about to be asked; its kind and payload count.
 * Errors: those of async.check_finish(), async.check_restart() and of the hooks.
 * Reads async.hook.
 */
#variable_conflict error
DECLARE
  checker TEXT;
BEGIN
  IF _request.kind = 'async.finish' THEN
    PERFORM async.check_finish(_request.payload);
  ELSIF _request.kind = 'async.restart' THEN
    PERFORM async.check_restart(_request.payload);
  ELSIF _request.kind NOT LIKE 'async.%' THEN
    SELECT h.check_request INTO checker FROM async.hook h WHERE h.owner = split_part(_request.kind, '.', 1);
    IF checker IS NOT NULL THEN
      EXECUTE format('SELECT %s($1)', checker::REGPROC) USING _request;
    END IF;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_request(async.request) IS 'Engine: refuses requests that make no sense';

-- pgasync_server/every/check_restart.sql
CREATE FUNCTION async.check_restart(_payload JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses restarts of tasks that are not there, have not ended, or are not restarted by themselves.
 *
 * _payload: that of a request async.restart.
 * Errors: PF004, PF005.
 * Reads async.task, async.lane, async.request, async.result.
 */
#variable_conflict error
DECLARE
  asked BIGINT := (_payload->>'task_id')::BIGINT;
  wanted RECORD;
BEGIN
  SELECT t.owner_id <> 0 AS is_owned, t.lane_id IS NULL AS is_mere_record, r.task_id IS NOT NULL AS has_ended INTO wanted
  FROM async.task t
  LEFT JOIN async.result r ON r.task_id = t.task_id
  WHERE t.task_id = asked;
  IF NOT FOUND THEN
    IF EXISTS (SELECT FROM async.request q WHERE q.kind = 'async.push' AND q.payload->'task_ids' @> to_jsonb(asked)) THEN
      RAISE EXCEPTION 'task has not ended: %', asked USING ERRCODE = 'PF005';
    END IF;
    RAISE EXCEPTION 'unknown task: %', coalesce(asked::TEXT, 'null') USING ERRCODE = 'PF004';
  ELSIF wanted.is_owned THEN
    RAISE EXCEPTION 'task belongs to a run: %', asked USING
      ERRCODE = 'PF005', HINT = 'Restart the run from its node with flow.restart_flow().';
  ELSIF wanted.is_mere_record THEN
    RAISE EXCEPTION 'task was recorded, not to be run: %', asked USING ERRCODE = 'PF005';
  ELSIF NOT wanted.has_ended THEN
    RAISE EXCEPTION 'task has not ended: %', asked USING ERRCODE = 'PF005';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_restart(JSONB) IS 'Engine: refuses restarts of tasks that make no sense';

-- pgasync_server/every/choose_batch_size.sql
CREATE FUNCTION async.choose_batch_size(_work FLOAT8, _pace FLOAT8) RETURNS INT
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How many tasks go in one message, 1 to 200: up to 20 ms of work, so that long tasks stay free to go to any slot,
 * and up to 150 ms of time, so that none waits long for its batch-mates on a machine with more slots than processors.
 *
 * _work, _pace: seconds, as in async.lane_state_t; the answer is 1 when they are unknown.
 */
#variable_conflict error
BEGIN
  IF _work IS NULL OR _pace IS NULL THEN
    RETURN 1;
  END IF;
  RETURN greatest(1, least(200, floor(0.02 / greatest(_work, 0.0001)), floor(0.15 / greatest(_pace, 0.0001))))::INT;
END;
$$;
COMMENT ON FUNCTION async.choose_batch_size(FLOAT8, FLOAT8) IS 'Engine: how many tasks go in one message';

-- pgasync_server/every/claim_identity.sql
CREATE FUNCTION async.claim_identity() RETURNS UUID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes this database a server of its own, under a new identity. For a database that was restored or cloned from a
 * server. What ran when the copy was made runs again here.
 *
 * Returns the identity.
 * Writes async.identity; locks it EXCLUSIVE.
 */
#variable_conflict error
DECLARE
  drawn UUID := md5(concat(clock_timestamp(), random(), pg_backend_pid(), txid_current()))::UUID;
BEGIN
  LOCK TABLE async.identity IN EXCLUSIVE MODE;
  DELETE FROM async.identity;
  INSERT INTO async.identity(server, system_identifier, database)
  SELECT drawn, c.system_identifier, d.oid
  FROM pg_control_system() c CROSS JOIN pg_database d
  WHERE d.datname = current_database();
  RETURN drawn;
END;
$$;
COMMENT ON FUNCTION async.claim_identity() IS 'Makes a restored or cloned database a server of its own';

-- pgasync_server/every/clean_slot.sql
CREATE FUNCTION async.clean_slot(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has the session of a slot forget what a raw task, or one that failed after it had committed something, left behind:
 * no batch could, since it is compiled, timed and given its transaction before its first statement runs. The slot is
 * idle once that has been answered.
 *
 * _slot: one whose batch is settled, returned as it is then.
 */
#variable_conflict error
DECLARE
  slot async.slot_t := async.make_idle_slot(
    _slot.slot_no, _slot.target_id, _slot.connection, _slot.pid, _slot.backend_start);
BEGIN
  IF async.dblink_send(slot.connection, 'DISCARD ALL') <> 1 THEN
    RETURN async.lose_slot(slot);
  END IF;
  slot.state := 'opening';
  RETURN slot;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  RETURN async.lose_slot(slot);
END;
$$;
COMMENT ON FUNCTION async.clean_slot(async.slot_t) IS 'Engine: has a session forget what its tasks left behind';

-- pgasync_server/every/close_owned.sql
CREATE FUNCTION async.close_owned(_owner TEXT, _owner_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: nothing more will come from these owners; their lanes are closed.
 *
 * _owner, _owner_ids: the owners.
 * Writes async.open_lane.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.open_lane o USING async.lane l
  WHERE l.lane_id = o.lane_id AND l.owner = _owner AND l.owner_id = ANY(_owner_ids)
    AND (SELECT true FROM async.doomed_lane d WHERE d.lane_id = o.lane_id) IS NULL;
END;
$$;
COMMENT ON FUNCTION async.close_owned(TEXT, BIGINT[]) IS 'Engine: closes the lanes of owners that have ended';

-- pgasync_server/every/collect_answers.sql
CREATE FUNCTION async.collect_answers(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads the answers of targets that have come, to be looked at later in the cycle: after the requests of this
 * database have been taken in, so that whatever a task asked for here before it got the receipt in the answer is
 * known by then.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
  control TEXT;
BEGIN
  FOR i IN 1..coalesce(cardinality(targets), 0) LOOP
    this_target := targets[i];
    control := 'pgflow_control_' || this_target.target_id;
    CONTINUE WHEN this_target.control_sent IS NULL OR async.is_busy(control);
    BEGIN
      SELECT r.answer::JSONB INTO STRICT this_target.answer FROM async.dblink_result(control) r(answer);
      PERFORM FROM async.dblink_result(control);
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      this_target.trouble := SQLERRM;
    END;
    targets[i] := this_target;
    IF _s.in_test THEN
      PERFORM async.pass('answered');
    END IF;
  END LOOP;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.collect_answers(async.loop_t) IS 'Engine: reads the answers of targets that have come';

-- pgasync_server/every/collect_slot.sql
CREATE FUNCTION async.collect_slot(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads the end of a slot's message: state becomes ended, with the error if there was one, or watched if the
 * connection is gone and nobody knows how far its session got.
 *
 * _slot: one that is busy, returned as it is then.
 */
#variable_conflict error
DECLARE
  still_connected BOOL := true;
BEGIN
  _slot.sqlstate := NULL;
  _slot.error := NULL;
  BEGIN
    PERFORM FROM async.dblink_result(_slot.connection);
    PERFORM FROM async.dblink_result(_slot.connection);
  EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    _slot.sqlstate := CASE  -- five characters are a callback's own, whatever they are
      WHEN SQLSTATE = 'PF012' AND SQLERRM = format('orchestrator with epoch %s has been replaced', _slot.epoch)
        THEN 'REPLACED'
      WHEN SQLSTATE = 'PF014' AND SQLERRM ~ '^arguments of run [0-9]+ have not come here$' THEN 'MISSING'
      ELSE SQLSTATE END;
    _slot.error := async.shorten_error(SQLSTATE, SQLERRM);
    still_connected := async.drain_connection(_slot.connection, SQLSTATE);
    IF still_connected AND _slot.raw AND SQLSTATE = '42804' AND async.dblink_error(_slot.connection) = 'OK' THEN
      _slot.sqlstate := NULL;  -- it has returned rows of a shape that nobody asked for
      _slot.error := NULL;
    ELSIF still_connected AND SQLSTATE IN ('40001', '40P01') THEN
      _slot.committed := async.has_committed(_slot.connection);
    END IF;
  END;
  IF still_connected THEN
    _slot.state := 'ended';
  ELSE
    _slot := async.lose_slot(_slot);
  END IF;
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.collect_slot(async.slot_t) IS 'Engine: reads the end of a slot''s message';

-- pgasync_server/every/configure.sql
CREATE FUNCTION async.configure(_configuration JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Changes the configuration of the task engine; what is not named stays as it is. A running orchestrator takes it up
 * when the transaction has been committed.
 *
 * _configuration: an object with any of the keys control (an object), targets and concurrency_pools (arrays of objects, each
 *   changed or added by its name); docs/reference.md has their keys.
 * Errors: PF006, which names all that is wrong; nothing is changed then.
 * Writes async.control (its row is locked first, so that two configurations follow each other), async.target,
 * async.concurrency_pool.
 */
#variable_conflict error
BEGIN
  PERFORM FROM async.control FOR UPDATE;

  PERFORM async.check_configuration(_configuration);

  PERFORM async.apply_control(_configuration->'control');
  PERFORM async.apply_targets(async.get_configuration_items(_configuration, 'targets'));
  PERFORM async.apply_pools(async.get_configuration_items(_configuration, 'concurrency_pools'));

  UPDATE async.control SET configuration_version = nextval('async.configuration_version');
END;
$$;
COMMENT ON FUNCTION async.configure(JSONB) IS 'Changes the settings, targets and concurrency pools of the task engine';

-- pgasync_server/every/connect.sql
CREATE FUNCTION async.connect(_name TEXT, _conninfo TEXT, _is_self BOOL) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens a connection, waiting for it 3 s at most. Up to PostgreSQL 16 dblink heeds connect_timeout; from 17 on it
 * does not, but can be canceled, and a session of this server does that when the time is up.
 *
 * _name: for dblink; _conninfo: where to; _is_self: to this database, which needs no watching.
 * Errors: those of the connection, 08006 when the time is up.
 */
#variable_conflict error
DECLARE
  complaint TEXT;
BEGIN
  IF _is_self OR current_setting('server_version_num')::INT < 170000 THEN
    PERFORM async.dblink_connect(_name, _conninfo);
    RETURN;
  END IF;
  PERFORM async.start_watchdog(3);
  BEGIN
    PERFORM async.dblink_connect(_name, _conninfo);
  EXCEPTION
    WHEN query_canceled THEN complaint := 'connecting took longer than 3 s';
    WHEN OTHERS THEN complaint := SQLERRM;
  END;
  PERFORM async.stop_watchdog();
  IF complaint IS NOT NULL THEN
    RAISE EXCEPTION '%', complaint USING ERRCODE = 'connection_failure';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.connect(TEXT, TEXT, BOOL) IS 'Engine: opens a connection, waiting for it 3 s at most';

-- pgasync_server/every/count_attempts.sql
CREATE FUNCTION async.count_attempts(
  _task_id BIGINT,
  OUT attempts INT,
  OUT counted INT,
  OUT lost INT,
  OUT clashed INT) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Counts the attempts at a task that were not its last, and how many of them count since it was last restarted.
 *
 * _task_id: the task.
 * Returns all of them, and since then those that count against its retries, those that were interrupted, and those that
 * clashed with another transaction.
 * Reads async.attempt.
 */
SELECT count(*)::INT, count(*) FILTER (WHERE a.counted AND NOT a.past)::INT,
       count(*) FILTER (WHERE a.status = 'INTERRUPTED' AND NOT a.past)::INT,
       count(*) FILTER (WHERE a.sqlstate IN ('40001', '40P01') AND NOT a.counted AND NOT a.past)::INT
FROM async.attempt a WHERE a.task_id = _task_id;
$$;
COMMENT ON FUNCTION async.count_attempts(BIGINT) IS 'Engine: how often a task has been tried in vain';

-- pgasync_server/every/count_free_places.sql
CREATE FUNCTION async.count_free_places(
  _slots async.slot_t[],
  _target_id INT,
  _pool_id INT,
  OUT of_target INT,
  OUT of_pool INT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How many more tasks of a target, and of a pool, may be offered to workers outside the database: what runs on our own
 * connections, and what is offered or taken, counts.
 *
 * _slots: all slots; _target_id, _pool_id: target and pool.
 * Reads async.target, async.concurrency_pool, async.offer.
 */
#variable_conflict error
BEGIN
  SELECT (t.max_concurrency - count(*) FILTER (WHERE b.target_id = _target_id))::INT,
         (p.max_workers - count(*) FILTER (WHERE b.pool_id = _pool_id))::INT
  INTO of_target, of_pool
  FROM async.target t
  CROSS JOIN async.concurrency_pool p
  LEFT JOIN (SELECT x.target_id, x.pool_id FROM unnest(_slots) x WHERE x.state IN ('busy', 'ended', 'watched')
             UNION ALL SELECT o.target_id, o.pool_id FROM async.offer o) b ON true
  WHERE t.target_id = _target_id AND p.pool_id = _pool_id
  GROUP BY t.target_id, p.pool_id;
END;
$$;
COMMENT ON FUNCTION async.count_free_places(async.slot_t[], INT, INT) IS
  'Engine: how many more tasks may be offered to workers outside the database';

-- pgasync_server/every/count_towards_rotation.sql
CREATE FUNCTION async.count_towards_rotation(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Counts the tasks just assigned towards the next change of their target's receipt table. A target is asked to empty it
 * at once when it is due: asked only now and then, it would take in as many more on a quick machine.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
BEGIN
  FOR i IN 1..coalesce(cardinality(targets), 0) LOOP
    this_target := targets[i];
    this_target.ring_tasks := this_target.ring_tasks + (
      SELECT coalesce(sum(cardinality(x.task_ids)), 0)
      FROM unnest(_s.slots) x WHERE x.target_id = this_target.target_id AND x.query IS NOT NULL);
    IF this_target.ring_tasks >= 50000 THEN
      this_target.next_exchange := '-infinity';
    END IF;
    targets[i] := this_target;
  END LOOP;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.count_towards_rotation(async.loop_t) IS
  'Engine: counts tasks towards the next change of receipt table';

-- pgasync_server/every/cycle.sql
CREATE PROCEDURE async.cycle() LANGUAGE plpgsql AS
$$
/*
 * One cycle of an orchestrator in manual mode, in the session that called async.main(_manual_mode => true). Commits.
 *
 * Errors: PF005 in any other session.
 * Writes what async.work() does.
 */
#variable_conflict error
DECLARE
  s async.loop_t;
BEGIN
  s := async.recall_state();
  COMMIT;
  s := async.work_safely(s);
  COMMIT;
  s := async.send(s);
  PERFORM async.keep_state(s);
END;
$$;
COMMENT ON PROCEDURE async.cycle() IS 'One cycle of an orchestrator in manual mode';

-- pgasync_server/every/deliver_requests.sql
CREATE FUNCTION async.deliver_requests(_requests async.request[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hands requests of extensions to their hooks: all of one owner at once, and when that fails, one by one, so that a
 * bad one is logged and dropped alone. Where nobody is to blame the error is raised: they stay to be taken in again.
 *
 * _requests: in their order; those of the engine itself are passed over.
 * Errors: those of the hooks that async.is_passing() knows.
 * Writes async.log_entry, and what the hooks do.
 */
#variable_conflict error
DECLARE
  hook RECORD;
  request async.request;
BEGIN
  -- a call for each owner
  FOR hook IN
    SELECT h.on_requests AS routine, array_agg(r.request ORDER BY r.n) AS requests
    FROM async.hook h
    JOIN (SELECT ROW(u.request_id, u.xid, u.kind, u.payload, u.items, u.requested)::async.request AS request,
                 u.kind, u.n
          FROM unnest(_requests) WITH ORDINALITY u(request_id, xid, kind, payload, items, requested, n)) r
      ON split_part(r.kind, '.', 1) = h.owner
    GROUP BY h.owner
  LOOP
    BEGIN
      EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING hook.requests;
    EXCEPTION WHEN OTHERS THEN
      IF async.is_passing(SQLSTATE) THEN
        RAISE;
      END IF;
      FOREACH request IN ARRAY hook.requests LOOP
        BEGIN
          EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING ARRAY[request];
        EXCEPTION WHEN OTHERS THEN
          IF async.is_passing(SQLSTATE) THEN
            RAISE;
          END IF;
          PERFORM async.log('ERROR', format('request %s %s failed: %s', request.kind, request.payload, SQLERRM));
        END;
      END LOOP;
    END;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.deliver_requests(async.request[]) IS
  'Engine: hands requests of other extensions to their hooks';

-- pgasync_server/every/deliver_results.sql
CREATE FUNCTION async.deliver_results(_results async.result_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells extensions which of their tasks have ended: all of one owner at once, and when that fails, one by one, so
 * that trouble with one touches no other; it is logged, and that one is told again after 1, 2, 4, … 60 s. Where nobody
 * is to blame the error is raised: the cycle begins anew.
 *
 * _results: of any owners.
 * Errors: those of the hooks that async.is_passing() knows.
 * Writes async.undelivered, async.log_entry, and what the hooks do.
 */
#variable_conflict error
DECLARE
  owners CONSTANT TEXT[] := ARRAY(SELECT DISTINCT u.owner FROM unnest(_results) u);
  hook RECORD;
  mine async.result_t[];
  result async.result_t;
BEGIN
  -- a call for each owner
  FOR hook IN SELECT h.owner, h.on_results AS routine FROM async.hook h WHERE h.owner = ANY(owners) AND h.on_results IS NOT NULL
  LOOP
    mine := CASE WHEN cardinality(owners) = 1 THEN _results
                 ELSE ARRAY(SELECT u FROM unnest(_results) u WHERE u.owner = hook.owner) END;
    BEGIN
      EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING mine;
    EXCEPTION WHEN OTHERS THEN
      IF async.is_passing(SQLSTATE) THEN
        RAISE;
      END IF;
      PERFORM async.log('ERROR', format('results for %s failed together: %s', hook.routine, SQLERRM));
      FOREACH result IN ARRAY mine LOOP
        BEGIN
          EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING ARRAY[result];
        EXCEPTION WHEN OTHERS THEN
          IF async.is_passing(SQLSTATE) THEN
            RAISE;
          END IF;
          PERFORM async.log('ERROR', format('result of task %s failed: %s', result.task_id, SQLERRM));
          INSERT INTO async.undelivered AS u(task_id, failures, due, error)
          VALUES (result.task_id, 1, clock_timestamp() + INTERVAL '1 s', async.shorten_error(SQLSTATE, SQLERRM))
          ON CONFLICT (task_id) DO UPDATE SET
            failures = u.failures + 1, error = EXCLUDED.error,
            due = clock_timestamp() + least(2 ^ u.failures, 60) * INTERVAL '1 s';
        END;
      END LOOP;
    END;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.deliver_results(async.result_t[]) IS
  'Engine: tells other extensions which of their tasks have ended';

-- pgasync_server/every/derive_results.sql
CREATE FUNCTION async.derive_results(_verdicts async.verdict_t[]) RETURNS SETOF async.result_t
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The final results among verdicts: of tasks that are not put back, delayed, or waiting for an outside answer. A task
 * that has run ends as its early answer says; one that would go on waiting, or be put off, ends as it is doomed to,
 * if it is.
 *
 * _verdicts: after async.yield_or_defer() and async.try_again() have seen them.
 * Reads async.task, async.delayed.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT v.task_id, v.owner, coalesce(t.owner_id, v.owner_id), coalesce(t.owner_item, v.owner_item), v.owner_item <> 0,
         CASE v.outcome WHEN 'DONE' THEN coalesce(CASE WHEN w.open THEN v.doom END, v.answer, 'FINISHED')
                        WHEN 'ERROR' THEN 'FAILED' WHEN 'LOST' THEN 'FAILED' ELSE v.outcome END,
         v.started, v.ended,
         CASE WHEN v.outcome <> 'DONE' THEN v.sqlstate END,
         CASE v.outcome WHEN 'DONE' THEN coalesce(CASE WHEN w.open THEN v.doom_message END, v.answer_message)
                        WHEN 'LOST' THEN 'interrupted; its outcome is unknown' ELSE v.error END
  FROM unnest(_verdicts) v
  CROSS JOIN LATERAL (
    SELECT v.outcome = 'DONE' AND CASE WHEN v.answer IS NULL THEN v.asynchronous ELSE v.answer = 'DEFERRED' END AS open) w
  LEFT JOIN LATERAL (
    SELECT i.owner_id, i.owner_item FROM async.task i WHERE v.owner_item = 0 AND i.task_id = v.task_id) t ON true
  WHERE v.outcome <> 'BACK'
    AND NOT (w.open AND v.doom IS NULL)
    AND NOT (v.outcome IN ('ERROR', 'LOST', 'TIMED_OUT')
             AND EXISTS (SELECT FROM async.delayed y WHERE y.task_id = v.task_id));
END;
$$;
COMMENT ON FUNCTION async.derive_results(async.verdict_t[]) IS 'Engine: the final results among verdicts';

-- pgasync_server/every/describe_offers.sql
CREATE FUNCTION async.describe_offers(_lane_id BIGINT, _task_ids BIGINT[]) RETURNS JSONB[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What the workers get of the tasks of a lane: the task_data that was pushed, or what the extension that owns them says.
 *
 * _lane_id: the lane; _task_ids: tasks of it.
 * Returns an element for each, in their order.
 * Reads async.lane, async.task_kind, async.task.
 */
#variable_conflict error
DECLARE
  describer TEXT;
  answer JSONB[];
BEGIN
  SELECT k.describe INTO describer
  FROM async.lane l JOIN async.task_kind k ON k.kind = l.kind WHERE l.lane_id = _lane_id;
  IF describer IS NOT NULL THEN
    EXECUTE format('SELECT %s($1)', describer::REGPROC) INTO answer USING _task_ids;
    RETURN answer;
  END IF;
  RETURN ARRAY(
    SELECT t.task_data FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n) JOIN async.task t ON t.task_id = u.task_id
    ORDER BY u.n);
END;
$$;
COMMENT ON FUNCTION async.describe_offers(BIGINT, BIGINT[]) IS 'Engine: what workers outside the database get of tasks';

-- pgasync_server/every/describe_wanted_value.sql
CREATE FUNCTION async.describe_wanted_value(_rule JSONB, _value JSONB) RETURNS TEXT
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Says what value a key takes, and what it has been given instead; the latter never where it may be a secret.
 *
 * _rule: the rule of the key, see async.check_keys(); _value: the value that breaks it.
 */
SELECT
  CASE _rule->>'kind'
    WHEN 'boolean' THEN 'true or false'
    WHEN 'array' THEN 'an array'
    WHEN 'string' THEN 'a string'
    WHEN 'integer' THEN format('an integer from %s to %s', _rule->>'least', _rule->>'most')
    WHEN 'number' THEN format('a number from %s to %s', _rule->>'least', _rule->>'most')
    WHEN 'duration' THEN 'an interval, or a number of seconds, of more than zero and at most 100 years'
    WHEN 'delay' THEN 'an interval, or a number of seconds, of zero or more and at most 100 years'
    WHEN 'identifier' THEN 'an identifier in lower case, as in "name" or "schema.name", of at most 63 bytes each'
    WHEN 'routine' THEN
      'the name of a routine, as in name, schema.name or "Schema"."Name" (lower case unless quoted), '
      'of at most 63 bytes each'
    WHEN 'label' THEN 'a name of 1 to 63 bytes without control characters, "=" or space around it'
    WHEN 'secret' THEN 'a string that is not empty'
    WHEN 'sqlstates' THEN
      'an array of SQLSTATEs (five digits or upper-case letters, like "40001") or classes of them (two, like "08")'
    WHEN 'word' THEN
      'one of ' || (SELECT string_agg(w.word, ', ' ORDER BY w.no)
                    FROM jsonb_array_elements_text(_rule->'words') WITH ORDINALITY AS w(word, no))
  END
  || CASE
    WHEN jsonb_typeof(_value) = 'object' THEN ', not an object'
    WHEN jsonb_typeof(_value) = 'array' AND _rule->>'kind' <> 'sqlstates' THEN ', not an array'
    WHEN _rule->>'kind' = 'secret' OR strpos(_value::TEXT, '=') > 0 THEN ''
    WHEN length(_value::TEXT) > 80 THEN ', not ' || left(_value::TEXT, 79) || '…'
    ELSE ', not ' || _value::TEXT
  END;
$$;
COMMENT ON FUNCTION async.describe_wanted_value(JSONB, JSONB) IS
  'Engine: what a key of a configuration takes, for an error message';

-- pgasync_server/every/displace_offers.sql
CREATE FUNCTION async.displace_offers(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes back what is offered, has not been taken, and stands in the way of what is more urgent; the next cycle offers
 * that. Only where it helps: the urgent one must get its target's and its pool's place by it.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.offer and async.requeue.
 */
#variable_conflict error
DECLARE
  displaced RECORD;
  withdrawn BIGINT[];
BEGIN
  -- a call for each lane: there are few
  FOR displaced IN
    SELECT o.lane_id, array_agg(o.task_id ORDER BY o.offer_no) AS task_ids
    FROM async.offer o
    WHERE o.taken IS NULL AND EXISTS (
      SELECT FROM async.rank_outside_lanes(_s) l
      CROSS JOIN LATERAL async.count_free_places(_s.slots, l.target_id, l.pool_id) f
      WHERE l.priority < o.priority AND least(f.of_target, f.of_pool) <= 0
        AND (f.of_target > 0 OR l.target_id = o.target_id) AND (f.of_pool > 0 OR l.pool_id = o.pool_id))
    GROUP BY o.lane_id
  LOOP
    withdrawn := async.withdraw_offers(displaced.task_ids);
    IF cardinality(withdrawn) > 0 THEN
      PERFORM async.put_back(displaced.lane_id, withdrawn);
      _s.pending := true;
    END IF;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.displace_offers(async.loop_t) IS 'Engine: takes back offers for the sake of more urgent ones';

-- pgasync_server/every/drain_connection.sql
CREATE FUNCTION async.drain_connection(_connection TEXT, _sqlstate TEXT) RETURNS BOOL
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads what follows an error on a connection. Only an error that could be the connection's own is looked into, since
 * asking takes a round trip. SHOW needs no snapshot, for which a session that has made itself deferrable would wait.
 *
 * _connection: its name for dblink; _sqlstate: of the error.
 * Returns whether the connection is still there.
 */
#variable_conflict error
BEGIN
  PERFORM FROM async.dblink_result(_connection);
  IF _sqlstate LIKE '08%' OR _sqlstate LIKE '57P%' OR _sqlstate LIKE 'XX%' THEN
    PERFORM FROM async.dblink_query(_connection, 'SHOW server_version_num');
  END IF;
  RETURN true;
EXCEPTION
  WHEN query_canceled THEN
    RETURN true;  -- it is there, and has left itself next to no time
  WHEN OTHERS OR assert_failure THEN
    RETURN false;
END;
$$;
COMMENT ON FUNCTION async.drain_connection(TEXT, TEXT) IS 'Engine: reads what follows an error on a connection';

-- pgasync_server/every/drain_doomed_lane.sql
CREATE FUNCTION async.drain_doomed_lane(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what waits in the first of the lanes that the setting pgflow.doomed names, up to 2,000 tasks a cycle, then
 * forgets the lane.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.result, async.lane_position, async.doomed_lane, async.open_lane, async.doom, and where tasks waited.
 */
#variable_conflict error
DECLARE
  named TEXT := nullif(current_setting('pgflow.doomed', true), '');
  chosen_id BIGINT := split_part(named, ',', 1)::BIGINT;
  reason TEXT := (SELECT d.message FROM async.doomed_lane d WHERE d.lane_id = chosen_id);
  passed BIGINT[];
  waiting BIGINT[];
  last_seq BIGINT;
BEGIN
  IF named IS NULL THEN
    RETURN _s;
  END IF;
  _s.worked := true;
  _s.pending := true;
  SELECT array_agg(t.task_id), max(t.seq) INTO passed, last_seq
  FROM (SELECT h.task_id, h.seq FROM async.task h
        WHERE h.lane_id = chosen_id AND h.seq > async.get_lane_position(chosen_id)
        ORDER BY h.seq LIMIT 2000) t;
  IF last_seq IS NULL THEN
    waiting := ARRAY(SELECT q.task_id FROM async.requeue q WHERE q.lane_id = chosen_id
                     UNION ALL SELECT y.task_id FROM async.yielded y WHERE y.lane_id = chosen_id
                     UNION ALL SELECT d.task_id FROM async.delayed d WHERE d.lane_id = chosen_id
                     UNION ALL SELECT f.task_id FROM async.offer f WHERE f.lane_id = chosen_id
                       AND NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = f.task_id));
    DELETE FROM async.doomed_lane d WHERE d.lane_id = chosen_id;
    DELETE FROM async.open_lane o WHERE o.lane_id = chosen_id;
    _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE l.lane_id <> chosen_id);
    PERFORM set_config('pgflow.doomed', substr(named, strpos(named || ',', ',') + 1), false);
  ELSE
    waiting := ARRAY(SELECT u FROM unnest(passed) u WHERE NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = u));
    INSERT INTO async.lane_position(lane_id, seq) VALUES (chosen_id, last_seq);
    DELETE FROM async.doom d WHERE d.task_id = ANY(passed);
  END IF;
  PERFORM async.end_waiting_tasks(waiting, 'CANCELED', reason);
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.drain_doomed_lane(async.loop_t) IS 'Engine: cancels what waits in a doomed lane';

-- pgasync_server/every/end_errands.sql
CREATE FUNCTION async.end_errands(_target async.target_state_t, _errors JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Drops the errands that a target has run; those that failed are logged.
 *
 * _target: the target, with the exchange that it has answered; _errors: texts, as async.run_errands() returns them.
 * Writes async.errand, async.log_entry.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.errand e
  USING jsonb_array_elements(_target.in_flight->'errand_ids') g(ids) CROSS JOIN LATERAL jsonb_array_elements_text(g.ids) u(id)
  WHERE e.target_id = _target.target_id AND e.errand_id = u.id::BIGINT;
  PERFORM async.log('WARNING', format('errand on target %s failed: %s', _target.target, u.message))
  FROM jsonb_array_elements_text(_errors) u(message);
END;
$$;
COMMENT ON FUNCTION async.end_errands(async.target_state_t, JSONB) IS 'Engine: drops the errands that a target has run';

-- pgasync_server/every/end_waiting_tasks.sql
CREATE FUNCTION async.end_waiting_tasks(_task_ids BIGINT[], _status TEXT, _message TEXT)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends tasks that do not run, and tells their owners.
 *
 * _task_ids: the tasks; _status, _message: how they end, and why.
 * Writes async.result, what async.forget_waiting() does, and what the owners do.
 */
#variable_conflict error
DECLARE
  results async.result_t[];
BEGIN
  IF cardinality(_task_ids) > 0 THEN
    results := ARRAY(
      SELECT ROW(t.task_id, l.owner, t.owner_id, t.owner_item, l.owner_item <> 0, _status, y.started, clock_timestamp(),
                 NULL, CASE WHEN _status <> 'FINISHED' THEN _message END)::async.result_t
      FROM async.task t
      JOIN async.lane l ON l.lane_id = t.lane_id
      LEFT JOIN async.yielded y ON y.task_id = t.task_id
      WHERE t.task_id = ANY(_task_ids));
    INSERT INTO async.result(task_id, status, started, ended, yielded, error)
    SELECT r.task_id, r.status, r.started, r.ended, y.yielded, r.error
    FROM unnest(results) r LEFT JOIN async.yielded y ON y.task_id = r.task_id;
    PERFORM async.forget_waiting(_task_ids);
    PERFORM async.deliver_results(results);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.end_waiting_tasks(BIGINT[], TEXT, TEXT) IS 'Engine: ends tasks that do not run';

-- pgasync_server/every/ensure_lane.sql
CREATE FUNCTION async.ensure_lane(_lane async.lane) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Finds the open lane that has certain properties, or makes it, and wakes it. Orchestrator only.
 *
 * _lane: the properties; lane_id does not count, and null stands for the default of the table.
 * Returns its lane_id.
 * Writes async.lane, async.open_lane.
 */
#variable_conflict error
DECLARE
  found_id BIGINT;
BEGIN
  SELECT l.lane_id INTO found_id
  FROM async.lane l JOIN async.open_lane o ON o.lane_id = l.lane_id
  WHERE l.owner_id = _lane.owner_id AND l.owner_item = _lane.owner_item
    AND l.priority = _lane.priority AND l.target_id = _lane.target_id
    AND l.owner = _lane.owner AND l.pool_id = _lane.pool_id AND l.kind = _lane.kind
    AND l.asynchronous = _lane.asynchronous AND l.raw = _lane.raw
    AND l.outside = coalesce(_lane.outside, false)
    AND l.call IS NOT DISTINCT FROM _lane.call AND l.timeout IS NOT DISTINCT FROM _lane.timeout
    AND l.retries = coalesce(_lane.retries, 0)
    AND l.retry_delay = coalesce(_lane.retry_delay, '1 s') AND l.retry_backoff = coalesce(_lane.retry_backoff, 2)
    AND l.retry_max_delay = coalesce(_lane.retry_max_delay, '1 h') AND l.retry_on IS NOT DISTINCT FROM _lane.retry_on
    AND l.on_interrupt = coalesce(_lane.on_interrupt, 'retry')
    AND (SELECT true FROM async.doomed_lane d WHERE d.lane_id = l.lane_id) IS NULL
  LIMIT 1;
  IF found_id IS NULL THEN
    INSERT INTO async.lane(
      target_id, pool_id, priority, owner, owner_id, owner_item, kind, call, label, timeout, asynchronous, raw,
      outside, retries, retry_delay, retry_backoff, retry_max_delay, retry_on, on_interrupt)
    VALUES (
      _lane.target_id, _lane.pool_id, _lane.priority, _lane.owner, _lane.owner_id, _lane.owner_item, _lane.kind,
      _lane.call, _lane.label, _lane.timeout, _lane.asynchronous, _lane.raw, coalesce(_lane.outside, false),
      coalesce(_lane.retries, 0),
      coalesce(_lane.retry_delay, '1 s'), coalesce(_lane.retry_backoff, 2), coalesce(_lane.retry_max_delay, '1 h'),
      _lane.retry_on, coalesce(_lane.on_interrupt, 'retry'))
    RETURNING lane_id INTO found_id;
    INSERT INTO async.open_lane(lane_id) VALUES (found_id);
  END IF;
  PERFORM async.wake_lanes(ARRAY[found_id]);
  RETURN found_id;
END;
$$;
COMMENT ON FUNCTION async.ensure_lane(async.lane) IS 'Engine: finds or makes the lane with some properties';

-- pgasync_server/every/ensure_pool.sql
CREATE FUNCTION async.ensure_pool(_concurrency_pool TEXT, _target_id INT) RETURNS INT
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Finds a concurrency pool. One that no configuration names is made, with default_concurrency_pool_workers.
 *
 * _concurrency_pool: its name, null: the target's own; _target_id: the target.
 * Returns its pool_id.
 * Writes async.concurrency_pool.
 */
#variable_conflict error
DECLARE
  found_id INT;
BEGIN
  SELECT p.pool_id INTO found_id
  FROM async.concurrency_pool p
  WHERE CASE
    WHEN _concurrency_pool IS NULL THEN p.target_id = _target_id ELSE p.concurrency_pool = _concurrency_pool END;
  IF NOT FOUND THEN
    INSERT INTO async.concurrency_pool(concurrency_pool, max_workers)
    SELECT _concurrency_pool, c.default_concurrency_pool_workers FROM async.control c
    RETURNING pool_id INTO found_id;
  END IF;
  RETURN found_id;
END;
$$;
COMMENT ON FUNCTION async.ensure_pool(TEXT, INT) IS 'Engine: the pool of a name, or a target''s own';

-- pgasync_server/every/expire_stranded.sql
CREATE FUNCTION async.expire_stranded(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Times out tasks that have waited longer than their timeout for a target that cannot be reached; the oldest of each
 * lane first, up to 100 a time.
 *
 * _s: state of the orchestrator.
 * Writes what async.end_waiting_tasks() does.
 */
#variable_conflict error
DECLARE
  stranded RECORD;
BEGIN
  -- a call for each lane: there are few
  FOR stranded IN
    SELECT l.lane_id, array_agg(h.task_id) AS task_ids
    FROM unnest(_s.lanes) l
    JOIN unnest(_s.targets) g ON g.target_id = l.target_id AND g.state <> 'up'
    JOIN async.lane r ON r.lane_id = l.lane_id AND r.timeout IS NOT NULL
    CROSS JOIN LATERAL async.read_lane_head(l, 100) h
    JOIN async.task t ON t.task_id = h.task_id AND t.entered < clock_timestamp() - r.timeout
    WHERE NOT l.empty AND NOT l.outside AND NOT h.doomed
    GROUP BY l.lane_id
  LOOP
    PERFORM async.end_waiting_tasks(stranded.task_ids, 'TIMED_OUT', 'timed out waiting for its target');
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.expire_stranded(async.loop_t) IS 'Engine: times out tasks whose target cannot be reached';

-- pgasync_server/every/fill_slots.sql
CREATE FUNCTION async.fill_slots(
  _s async.loop_t,
  _slots async.slot_t[],
  _lane async.lane_state_t,
  _idle INT[],
  OUT slots async.slot_t[],
  OUT lane async.lane_state_t) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Fills idle slots from the head of a lane and writes each batch. On a target without our client extension every query
 * goes as it is, as raw ones do, and nothing else can run.
 *
 * _s: state of the orchestrator; _slots: all slots; _lane: the lane; _idle: indexes into _slots of those to fill.
 * Returns slots and lane as they are then.
 * Writes async.batch, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  size INT := async.choose_batch_size(_lane.work, _lane.pace);
  lane_row async.lane;
  parts async.part_t[];
  part async.part_t;
  filled INT := 0;
BEGIN
  slots := _slots;
  lane := _lane;
  SELECT l.* INTO lane_row FROM async.lane l WHERE l.lane_id = lane.lane_id;
  IF lane.target_id = ANY(_s.bare) THEN
    lane_row.raw := true;
  END IF;
  IF lane_row.call IS NOT NULL AND NOT lane_row.raw THEN
    parts := ARRAY(SELECT p FROM async.take_alike(_lane, lane_row.call, size * cardinality(_idle), cardinality(_idle)) p);
  ELSE
    parts := ARRAY(SELECT p FROM async.take_mixed(_lane, lane_row, size * cardinality(_idle), cardinality(_idle)) p);
  END IF;
  lane := async.move_lane(lane, parts, size * cardinality(_idle), cardinality(_idle));
  FOR i IN 1..cardinality(parts) LOOP
    IF parts[i].task_ids IS NOT NULL THEN
      filled := filled + 1;
      part := parts[i];
      IF lane_row.kind <> 'query' AND lane_row.raw THEN
        part.queries := ARRAY[async.build_refusal()];
      END IF;
      slots[_idle[filled]] := async.load_slot(_s, slots[_idle[filled]], lane_row, part);
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.fill_slots(async.loop_t, async.slot_t[], async.lane_state_t, INT[]) IS
  'Engine: fills idle slots from a lane';

-- pgasync_server/every/find_batch_problems.sql
CREATE FUNCTION async.find_batch_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A batch is of a lane and a target that there are, assigned by an orchestrator that there was, and no session has two.
 *
 * Returns a row a problem.
 */
SELECT 'batch_of_unknown_lane', format('batch %s', b.batch_id), format('is of lane %s, which does not exist', b.lane_id)
FROM async.batch b WHERE NOT EXISTS (SELECT FROM async.lane l WHERE l.lane_id = b.lane_id)

UNION ALL
SELECT 'batch_of_unknown_target', format('batch %s', b.batch_id), format('runs on target %s, which does not exist', b.target_id)
FROM async.batch b WHERE NOT EXISTS (SELECT FROM async.target t WHERE t.target_id = b.target_id)

UNION ALL
SELECT 'batch_on_wrong_target', format('batch %s', b.batch_id),
       format('runs on target %s, and its lane %s is for target %s', b.target_id, l.lane_id, l.target_id)
FROM async.batch b JOIN async.lane l ON l.lane_id = b.lane_id
WHERE l.target_id <> b.target_id

UNION ALL
SELECT 'batch_of_wrong_lane', format('batch %s', b.batch_id),
       format('is of lane %s, and task %s of lane %s', b.lane_id, t.task_id, t.lane_id)
FROM async.batch b
CROSS JOIN LATERAL unnest(b.task_ids) u(task_id)
JOIN async.task t ON t.task_id = u.task_id
WHERE t.lane_id IS DISTINCT FROM b.lane_id

UNION ALL
SELECT 'batch_of_unknown_epoch', format('batch %s', b.batch_id),
       format('was assigned in epoch %s, and the newest is %s', b.epoch, coalesce(e.newest::TEXT, 'none'))
FROM async.batch b CROSS JOIN (SELECT max(o.epoch) AS newest FROM async.epoch o) e
WHERE b.epoch > coalesce(e.newest, 0)

UNION ALL
SELECT 'session_with_two_batches', format('process %s of target %s', b.pid, b.target_id),
       format('runs batches %s', string_agg(b.batch_id::TEXT, ', ' ORDER BY b.batch_id))
FROM async.batch b
GROUP BY b.target_id, b.pid, b.backend_start
HAVING count(*) > 1 AND b.pid IS NOT NULL;
$$;
COMMENT ON FUNCTION async.find_batch_problems() IS 'Engine: batches that cannot be';

-- pgasync_server/every/find_connection_string_problem.sql
CREATE FUNCTION async.find_connection_string_problem(_connection_string TEXT, _allow_password BOOL)
RETURNS TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with a connection string, or null. The string itself is never part of the answer.
 *
 * _connection_string: a conninfo, or the name of a foreign server; null is right. A URI is refused: nothing can be put
 * behind it.
 * _allow_password: it may hold a password. A word that ends in "password" before an equals sign is taken for one,
 * quoted or not, as is what follows a colon in the user part of a URI.
 */
SELECT CASE
  WHEN NOT _allow_password
    AND _connection_string ~* 'password\s*=|^\s*postgres(ql)?://[^/@]*:[^/@]*@'
  THEN 'holds a password'
  WHEN _connection_string ~* '^\s*postgres(ql)?://'
  THEN 'is a URI: write it as a conninfo, such as "host=… dbname=…"'
  WHEN NOT async.is_conninfo(_connection_string)
    AND NOT EXISTS (SELECT FROM pg_foreign_server s WHERE s.srvname = _connection_string)
  THEN 'is neither a conninfo nor the name of a foreign server of this database'
  WHEN async.is_conninfo(_connection_string)
    AND EXISTS (SELECT FROM async.parse_conninfo(_connection_string) p WHERE p.keyword IS NULL)
  THEN 'is not well-formed: it takes pairs of keyword=value, a value with blanks in single quotes'
END;
$$;
COMMENT ON FUNCTION async.find_connection_string_problem(TEXT, BOOL) IS
  'Engine: what is wrong with a connection string, without telling it';

-- pgasync_server/every/find_idle_slots.sql
CREATE FUNCTION async.find_idle_slots(
  _s async.loop_t,
  _slots async.slot_t[],
  _target_id INT,
  _pool_id INT) RETURNS SETOF INT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Idle slots of a target that a lane may have: as many as the concurrency of the target, of the pool and of the
 * orchestrator leave free.
 *
 * _s: state of the orchestrator; _slots: all slots, as they are by now; _target_id, _pool_id: those of the lane.
 * Returns indexes into _slots.
 * Reads async.concurrency_pool.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT x.n::INT
  FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_slots) u) x
  WHERE x.target_id = _target_id AND x.state = 'idle'
  LIMIT greatest(0, (
    SELECT least(
      _s.workers - count(*),
      (SELECT t.max_concurrency FROM unnest(_s.targets) t WHERE t.target_id = _target_id)
        - count(*) FILTER (WHERE b.target_id = _target_id),
      coalesce((SELECT p.max_workers FROM async.concurrency_pool p WHERE p.pool_id = _pool_id), 1)
        - count(*) FILTER (WHERE b.pool_id = _pool_id) - coalesce(cardinality(array_positions(_s.held, _pool_id)), 0))
    FROM unnest(_slots) b WHERE b.state IN ('busy', 'ended', 'watched')));
END;
$$;
COMMENT ON FUNCTION async.find_idle_slots(async.loop_t, async.slot_t[], INT, INT) IS
  'Engine: idle slots that a lane may have';

-- pgasync_server/every/find_lane_problems.sql
CREATE FUNCTION async.find_lane_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lanes are there as long as anything is in them, and those that may get tasks lead to a target and a pool that there are.
 *
 * Returns a row a problem.
 */
WITH named AS
(
  SELECT 'a task' AS what, t.lane_id FROM async.task t WHERE t.lane_id IS NOT NULL
  UNION SELECT 'async.open_lane', o.lane_id FROM async.open_lane o
  UNION SELECT 'async.doomed_lane', d.lane_id FROM async.doomed_lane d
  UNION SELECT 'async.lane_position', p.lane_id FROM async.lane_position p
  UNION SELECT 'async.requeue', q.lane_id FROM async.requeue q
  UNION SELECT 'async.delayed', d.lane_id FROM async.delayed d
  UNION SELECT 'async.yielded', y.lane_id FROM async.yielded y
  UNION SELECT 'async.offer', o.lane_id FROM async.offer o
)
SELECT 'unknown_lane', format('lane %s', n.lane_id), format('does not exist, and %s names it', n.what)
FROM named n WHERE NOT EXISTS (SELECT FROM async.lane l WHERE l.lane_id = n.lane_id)

UNION ALL
SELECT 'doomed_lane_closed', format('lane %s', d.lane_id), 'is being canceled, and is not open'
FROM async.doomed_lane d WHERE NOT EXISTS (SELECT FROM async.open_lane o WHERE o.lane_id = d.lane_id)

UNION ALL
SELECT 'requeue_in_closed_lane', format('task %s', q.task_id),
       format('waits to go again in lane %s, which is not open', q.lane_id)
FROM async.requeue q WHERE NOT EXISTS (SELECT FROM async.open_lane o WHERE o.lane_id = q.lane_id)

UNION ALL
SELECT 'lane_leads_nowhere', format('lane %s', l.lane_id),
       format('is open, and its target %s or its pool %s does not exist', l.target_id, l.pool_id)
FROM async.open_lane o
JOIN async.lane l ON l.lane_id = o.lane_id
LEFT JOIN async.target t ON t.target_id = l.target_id
LEFT JOIN async.concurrency_pool p ON p.pool_id = l.pool_id
WHERE t.target_id IS NULL OR p.pool_id IS NULL

UNION ALL
SELECT 'task_in_wrong_lane', format('task %s', t.task_id),
       format('is of %s, item %s, and its lane %s of %s, item %s', t.owner_id, t.owner_item, l.lane_id, l.owner_id, l.owner_item)
FROM async.task t JOIN async.lane l ON l.lane_id = t.lane_id
WHERE t.owner_id <> l.owner_id OR l.owner_item NOT IN (0, t.owner_item) OR t.seq IS NULL

UNION ALL
SELECT 'task_waits_in_wrong_lane', format('task %s', w.task_id),
       format('is of lane %s, and waits in lane %s', t.lane_id, w.lane_id)
FROM (SELECT q.task_id, q.lane_id FROM async.requeue q
      UNION ALL SELECT d.task_id, d.lane_id FROM async.delayed d
      UNION ALL SELECT y.task_id, y.lane_id FROM async.yielded y
      UNION ALL SELECT o.task_id, o.lane_id FROM async.offer o) w
JOIN async.task t ON t.task_id = w.task_id
WHERE t.lane_id IS DISTINCT FROM w.lane_id

UNION ALL
SELECT 'stray_intake', format('target %s', i.target_id), 'does not exist, and its requests have been taken in'
FROM async.intake i WHERE i.target_id <> 0 AND NOT EXISTS (SELECT FROM async.target t WHERE t.target_id = i.target_id);
$$;
COMMENT ON FUNCTION async.find_lane_problems() IS 'Engine: lanes that are not as their tasks need them';

-- pgasync_server/every/find_limit_problems.sql
CREATE FUNCTION async.find_limit_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Pools and targets have no more busy slots than they may. A limit that was lowered meanwhile may be exceeded until slots
 * are free: it counts only if the newest batch was assigned after the orchestrator took in requests by a snapshot that had
 * seen it. What is below xmin of a snapshot had ended by then, subtransactions too.
 *
 * Returns a row a problem.
 */
WITH taken AS
(
  SELECT b.target_id, l.pool_id, b.assigned AS since FROM async.batch b JOIN async.lane l ON l.lane_id = b.lane_id
  UNION ALL
  SELECT o.target_id, o.pool_id, o.offered FROM async.offer o
), busy AS
(
  SELECT format('pool %s', p.concurrency_pool) AS name, p.max_workers AS most, p.xmin::TEXT::BIGINT AS changed,
         count(*) AS places, max(b.since) AS latest
  FROM taken b
  JOIN async.concurrency_pool p ON p.pool_id = b.pool_id
  GROUP BY p.pool_id, p.xmin::TEXT
  UNION ALL
  SELECT format('target %s', t.target), t.max_concurrency, t.xmin::TEXT::BIGINT, count(*), max(b.since)
  FROM taken b
  JOIN async.target t ON t.target_id = b.target_id
  GROUP BY t.target_id, t.xmin::TEXT
)
SELECT 'over_limit', s.name, format('%s places are taken, at most %s may be', s.places, s.most)
FROM busy s
WHERE s.places > s.most
  AND EXISTS (
    SELECT FROM async.intake i
    WHERE i.target_id = 0 AND i.taken < s.latest
      AND (txid_snapshot_xmin(i.snapshot) - 1 - s.changed) & 4294967295 < 2147483648);
$$;
COMMENT ON FUNCTION async.find_limit_problems() IS 'Engine: pools and targets that do more at once than they may';

-- pgasync_server/every/find_mark_problems.sql
CREATE FUNCTION async.find_mark_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is noted about a task belongs to one that it can be noted of. A doom is that of a task that runs, or marks one that
 * has ended, or was put off, where it waited, until its lane has passed it; an early answer is for a task that runs; results
 * and attempts
 * are of tasks that are kept.
 *
 * Returns a row a problem.
 */
WITH running AS
(
  SELECT DISTINCT u.task_id FROM async.batch b CROSS JOIN LATERAL unnest(b.task_ids) u(task_id)
), reached AS
(
  SELECT p.lane_id, max(p.seq) AS seq FROM async.lane_position p GROUP BY p.lane_id
)
SELECT 'stray_doom', format('task %s', d.task_id),
       CASE WHEN t.task_id IS NULL THEN 'does not exist, and is to end ' || d.status
            WHEN r.task_id IS NULL THEN 'waits, and its lane would pass it over, although it has no result'
            ELSE 'has ended, and is still to end ' || d.status END
FROM async.doom d
LEFT JOIN running n ON n.task_id = d.task_id
LEFT JOIN async.task t ON t.task_id = d.task_id
LEFT JOIN async.result r ON r.task_id = d.task_id
LEFT JOIN reached p ON p.lane_id = t.lane_id
LEFT JOIN async.delayed y ON y.task_id = d.task_id
WHERE n.task_id IS NULL
  AND (t.seq > coalesce(p.seq, 0) AND (r.task_id IS NOT NULL OR y.task_id IS NOT NULL)) IS NOT true

UNION ALL
SELECT 'stray_early_finish', format('task %s', e.task_id), 'has an answer that waits for its end, and does not run'
FROM async.early_finish e
LEFT JOIN running n ON n.task_id = e.task_id
WHERE n.task_id IS NULL

UNION ALL
SELECT 'stray_result', format('task %s', r.task_id), 'has a result, and does not exist'
FROM async.result r WHERE NOT EXISTS (SELECT FROM async.task t WHERE t.task_id = r.task_id)

UNION ALL
SELECT 'stray_attempt', format('task %s', a.task_id), format('has an attempt %s, and does not exist', a.attempt)
FROM async.attempt a WHERE NOT EXISTS (SELECT FROM async.task t WHERE t.task_id = a.task_id);
$$;
COMMENT ON FUNCTION async.find_mark_problems() IS 'Engine: what is noted of tasks that it cannot be noted of';

-- pgasync_server/every/find_nearest_name.sql
CREATE FUNCTION async.find_nearest_name(_name TEXT, _names TEXT[]) RETURNS TEXT
LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The name that was most likely meant by one that does not exist: few letters apart, or one a part of the other.
 *
 * _name: what was given; _names: what exists.
 * Returns null when none is near.
 */
SELECT c.name
FROM
(
  -- A letter that only one of the two has costs an edit: this bound is cheap, and leaves few for the exact distance.
  SELECT
    n.name,
    g.most_edits,
    strpos(lower(n.name), g.given) > 0 OR strpos(g.given, lower(n.name)) > 0 AS is_part
  FROM
  (
    SELECT
      lower(left(_name, 200)) AS given,
      least(greatest(2, length(_name) / 3), length(_name) - 1) AS most_edits
  ) g
  CROSS JOIN unnest(_names) AS n(name)
  CROSS JOIN LATERAL
  (
    SELECT greatest(
      length(translate(lower(n.name), g.given, '')),
      length(translate(g.given, lower(n.name), '')),
      abs(length(n.name) - length(g.given))) AS least_edits
  ) b
  WHERE
    b.least_edits <= g.most_edits
    OR (least(length(n.name), length(g.given)) >= 3
      AND (strpos(lower(n.name), g.given) > 0 OR strpos(g.given, lower(n.name)) > 0))
  ORDER BY
    b.least_edits,
    (left(n.name, length(g.given) / 2) = left(g.given, length(g.given) / 2))::INT
      + (right(n.name, length(g.given) / 2) = right(g.given, length(g.given) / 2))::INT DESC,
    n.name COLLATE "C"
  LIMIT 20
) c
CROSS JOIN LATERAL (SELECT async.measure_edit_distance(lower(left(_name, 200)), lower(c.name)) AS edits) d
WHERE d.edits <= c.most_edits OR c.is_part
ORDER BY d.edits, c.name COLLATE "C"
LIMIT 1;
$$;
COMMENT ON FUNCTION async.find_nearest_name(TEXT, TEXT[]) IS
  'Engine: the existing name nearest to one that does not exist';

-- pgasync_server/every/find_orchestrator_pid.sql
CREATE FUNCTION async.find_orchestrator_pid() RETURNS INT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Process id of the session that runs async.main() in this database, or null.
 *
 * Reads pg_locks, async.control.
 */
SELECT l.pid
FROM pg_locks l CROSS JOIN async.control c
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND l.classid::BIGINT = (c.advisory_mutex_id >> 32) & 4294967295
  AND l.objid::BIGINT = c.advisory_mutex_id & 4294967295
LIMIT 1;
$$;
COMMENT ON FUNCTION async.find_orchestrator_pid() IS 'Engine: process id of the running orchestrator, or null';

-- pgasync_server/every/find_place_problems.sql
CREATE FUNCTION async.find_place_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A task that has no result is in one place where tasks wait or run; one that has is in none. What waits in a lane counts
 * only if an orchestrator that starts would look there, and not if the lane is to pass it over: then it waits elsewhere.
 *
 * Returns a row a problem.
 */
WITH open_task AS
(
  SELECT t.task_id, t.lane_id, t.seq
  FROM async.task t WHERE NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id)
), reached AS
(
  SELECT p.lane_id, max(p.seq) AS seq FROM async.lane_position p GROUP BY p.lane_id
), place AS
(
  SELECT t.task_id, 'waits in lane ' || t.lane_id AS name
  FROM open_task t
  JOIN async.open_lane o ON o.lane_id = t.lane_id
  LEFT JOIN reached p ON p.lane_id = t.lane_id
  WHERE t.seq > coalesce(p.seq, 0) AND NOT EXISTS (SELECT FROM async.doom d WHERE d.task_id = t.task_id)
  UNION ALL
  SELECT q.task_id, 'waits to go again in lane ' || q.lane_id FROM async.requeue q
  UNION ALL
  SELECT d.task_id, 'waits to go again at ' || d.due FROM async.delayed d
  UNION ALL
  SELECT y.task_id, 'waits for its finish' FROM async.yielded y
  UNION ALL
  SELECT o.task_id, CASE WHEN o.taken IS NULL THEN 'is offered to workers' ELSE 'a worker has it' END
  FROM async.offer o WHERE async.is_offer_good(o.offer_no, o.task_id)
  UNION ALL
  SELECT u.task_id, 'runs in batch ' || b.batch_id FROM async.batch b CROSS JOIN LATERAL unnest(b.task_ids) u(task_id)
), found AS
(
  SELECT p.task_id, count(*) AS places, string_agg(p.name, ', and ' ORDER BY p.name) AS names
  FROM place p GROUP BY p.task_id
)
SELECT CASE WHEN f.task_id IS NULL THEN 'lost_task' WHEN t.task_id IS NOT NULL THEN 'task_in_two_places'
            WHEN r.task_id IS NOT NULL THEN 'place_of_ended_task' ELSE 'place_of_unknown_task' END,
       format('task %s', coalesce(t.task_id, f.task_id)),
       CASE WHEN f.task_id IS NULL THEN 'has no result, and neither waits nor runs anywhere'
            WHEN t.task_id IS NOT NULL THEN f.names
            WHEN r.task_id IS NOT NULL THEN concat('has ended, and ', f.names)
            ELSE concat('does not exist, and ', f.names) END
FROM open_task t
FULL JOIN found f ON f.task_id = t.task_id
LEFT JOIN async.result r ON r.task_id = f.task_id
WHERE t.task_id IS NULL OR f.task_id IS NULL OR f.places > 1;
$$;
COMMENT ON FUNCTION async.find_place_problems() IS 'Engine: tasks that are not in one place';

-- pgasync_server/every/find_pool_problems.sql
CREATE FUNCTION async.find_pool_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the concurrency pools of a configuration of the engine, beside their keys.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong.
 */
WITH given AS
(
  SELECT
    g.no::INT AS no, g.item, g.item->>'concurrency_pool' AS concurrency_pool,
    async.label_item('concurrency_pools', g.item, g.no) AS label
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'concurrency_pools'))
    WITH ORDINALITY AS g(item, no)
  WHERE jsonb_typeof(g.item) = 'object'
)
SELECT 3, g.no, g.label || ': concurrency_pool is missing'
FROM given g
WHERE NOT g.item ? 'concurrency_pool'

UNION ALL
SELECT 3, min(g.no), min(g.label) || ' is given twice'
FROM given g
WHERE g.concurrency_pool IS NOT NULL
GROUP BY g.concurrency_pool
HAVING count(*) > 1

UNION ALL
SELECT 3, g.no,
  format(
    '%s belongs to the target of that name: its max_workers is the max_concurrency of the target, %s',
    g.label,
    t.max_concurrency)
FROM given g
JOIN async.get_configured_targets(_configuration) t ON t.target = g.concurrency_pool
WHERE g.item->'max_workers' <> to_jsonb(t.max_concurrency);
$$;
COMMENT ON FUNCTION async.find_pool_problems(JSONB) IS
  'Engine: what is wrong with the concurrency pools of a configuration of the engine';

-- pgasync_server/every/find_self_target_problems.sql
CREATE FUNCTION async.find_self_target_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What a configuration of the engine says twice, and differently, of the target that is this database, and what
 * stands in the way of its new name.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong.
 */
WITH
control AS
(
  SELECT c.self_target AS old_self, g.item, coalesce(g.item->>'self_target', c.self_target) AS new_self
  FROM async.control c
  LEFT JOIN jsonb_array_elements(async.get_configuration_items(_configuration, 'control')) AS g(item) ON true
),
given AS
(
  SELECT g.no::INT AS no, c.item AS control, g.item AS target, c.new_self
  FROM control c
  CROSS JOIN jsonb_array_elements(async.get_configuration_items(_configuration, 'targets'))
    WITH ORDINALITY AS g(item, no)
  WHERE g.item->>'target' = c.new_self
)
SELECT 1, 1, format('control: self_target %s is the name of another target', to_json(c.new_self))
FROM control c
JOIN async.target t ON t.target = c.new_self
WHERE c.new_self <> c.old_self

UNION ALL
SELECT 1, 1, format('control: self_target %s is the name of a concurrency pool', to_json(c.new_self))
FROM control c
JOIN async.concurrency_pool p ON p.concurrency_pool = c.new_self AND p.target_id IS NULL
WHERE c.new_self <> c.old_self

UNION ALL
SELECT 2, g.no,
  format('target %s: max_concurrency is not self_concurrency of control, though they are the same limit',
    to_json(g.new_self))
FROM given g
WHERE g.control->'self_concurrency' <> g.target->'max_concurrency'

UNION ALL
SELECT 2, g.no,
  format('target %s: connection_string is not self_connection_string of control, though they are the same',
    to_json(g.new_self))
FROM given g
WHERE g.control->'self_connection_string' <> g.target->'connection_string';
$$;
COMMENT ON FUNCTION async.find_self_target_problems(JSONB) IS
  'Engine: what is wrong with the target that is this database';

-- pgasync_server/every/find_shape_problems.sql
CREATE FUNCTION async.find_shape_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT[]) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the shape of a configuration of the engine: its sections, and each key for itself.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong; where a name is not known,
 * that name and those that are.
 */
WITH section(no, name, kind) AS
(
  VALUES (1, 'control', 'object'), (2, 'targets', 'array'), (3, 'concurrency_pools', 'array')
)
SELECT 0, 0, format('unknown key %s', to_json(k.key)), k.key, (SELECT array_agg(s.name) FROM section s)
FROM jsonb_object_keys(_configuration) AS k(key)
WHERE k.key NOT IN (SELECT s.name FROM section s)

UNION ALL
SELECT s.no, 0, format('%s must be an %s', s.name, s.kind), NULL, NULL
FROM section s
WHERE jsonb_typeof(_configuration->s.name) NOT IN (s.kind, 'null')

UNION ALL
SELECT s.no, i.no::INT, async.label_item(s.name, i.item, i.no) || ' must be an object', NULL, NULL
FROM section s
CROSS JOIN LATERAL jsonb_array_elements(async.get_configuration_items(_configuration, s.name))
  WITH ORDINALITY AS i(item, no)
WHERE jsonb_typeof(i.item) <> 'object'

UNION ALL
SELECT s.no, p.object_no,
  format('%s: %s', async.label_item(s.name, g.items->(p.object_no - 1), p.object_no), p.problem),
  p.unknown_key, ARRAY(SELECT jsonb_object_keys(r.rules))
FROM section s
CROSS JOIN LATERAL (SELECT async.get_configuration_items(_configuration, s.name) AS items) g
CROSS JOIN LATERAL (SELECT async.get_configuration_rules()->s.name AS rules) r
CROSS JOIN LATERAL async.check_keys(g.items, r.rules, false) AS p;
$$;
COMMENT ON FUNCTION async.find_shape_problems(JSONB) IS
  'Engine: what is wrong with the keys of a configuration of the engine';

-- pgasync_server/every/find_target_problems.sql
CREATE FUNCTION async.find_target_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the targets of a configuration of the engine, beside their keys. No connection string is ever
 * told.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong.
 */
WITH given AS
(
  SELECT
    2 AS place, g.no::INT AS no, g.item, g.item->>'target' AS target, 'connection_string' AS string_key,
    async.label_item('targets', g.item, g.no) AS label
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'targets')) WITH ORDINALITY AS g(item, no)
  WHERE jsonb_typeof(g.item) = 'object'
  UNION ALL
  SELECT 1, 1, g.item, NULL, 'self_connection_string', 'control'
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'control')) AS g(item)
)
SELECT g.place, g.no, g.label || ': target is missing'
FROM given g
WHERE g.place = 2 AND g.target IS NULL AND jsonb_typeof(g.item->'target') IS DISTINCT FROM 'null'

UNION ALL
SELECT min(g.place), min(g.no), min(g.label) || ' is given twice'
FROM given g
WHERE g.target IS NOT NULL
GROUP BY g.target
HAVING count(*) > 1

UNION ALL
SELECT g.place, g.no, format('%s: %s %s', g.label, g.string_key, p.problem)
FROM given g
CROSS JOIN LATERAL
(
  SELECT async.find_connection_string_problem(
    g.item->>g.string_key, coalesce(g.item->'allow_password' = 'true', false)) AS problem
) p
WHERE p.problem IS NOT NULL AND jsonb_typeof(g.item->g.string_key) = 'string' AND g.item->>g.string_key ~ '\S'

UNION ALL
SELECT g.place, g.no,
  g.label || ': connection_string is missing; it is null where only workers outside the database take its tasks'
FROM given g
JOIN async.get_configured_targets(_configuration) t ON t.target = g.target
WHERE NOT t.is_self AND t.connection_string IS NULL AND NOT t.has_none;
$$;
COMMENT ON FUNCTION async.find_target_problems(JSONB) IS
  'Engine: what is wrong with the targets of a configuration of the engine';

-- pgasync_server/every/find_tail.sql
CREATE FUNCTION async.find_tail(_grep TEXT, _limit INT) RETURNS TIMESTAMPTZ LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Since when the last entries of the log were written; now, if there are none.
 *
 * _grep: as async.tail() got it; _limit: how many entries.
 * Reads async.log_entry.
 */
SELECT coalesce(min(t.logged), clock_timestamp())
FROM (
  SELECT e.logged FROM async.log_entry e
  WHERE _grep IS NULL OR concat_ws(' ', e.level, e.message) ~* _grep
  ORDER BY e.logged DESC LIMIT _limit) t;
$$;
COMMENT ON FUNCTION async.find_tail(TEXT, INT) IS 'Engine: where async.tail() begins';

-- pgasync_server/every/find_tasks_before.sql
CREATE FUNCTION async.find_tasks_before(_hand BIGINT, _before TIMESTAMPTZ, _limit INT)
RETURNS TABLE (task_id BIGINT, lane_id BIGINT, owner_id BIGINT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The next tasks in the order of their ids, none when the first of them was queued too lately to be old.
 *
 * _hand: the id to begin behind; _before: a time; _limit: most tasks.
 * Reads async.task.
 */
#variable_conflict error
BEGIN
  IF (SELECT t.entered < _before FROM async.task t WHERE t.task_id > _hand ORDER BY t.task_id LIMIT 1) THEN
    RETURN QUERY
    SELECT t.task_id, t.lane_id, t.owner_id
    FROM async.task t WHERE t.task_id > _hand
    ORDER BY t.task_id LIMIT _limit;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.find_tasks_before(BIGINT, TIMESTAMPTZ, INT) IS 'Engine: the next tasks, if they may be old';

-- pgasync_server/every/find_wanting_targets.sql
CREATE FUNCTION async.find_wanting_targets(_s async.loop_t) RETURNS TABLE (n INT, missing INT)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Targets that want another connection, and how many at once: where tasks wait and no slot is idle or being opened.
 * This database has one at any time, so that the first task of a run need not wait for it.
 *
 * _s: state of the orchestrator.
 * Returns n, an index into _s.targets, and how many are missing.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT t.n::INT,
         least(t.max_concurrency - count(x.slot_no),
               _s.workers - (SELECT count(*) FROM unnest(_s.slots) y WHERE y.state <> 'idle'),
               CASE WHEN t.is_self THEN 4 ELSE 1 END)::INT
  FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.targets) u) t
  LEFT JOIN unnest(_s.slots) x ON x.target_id = t.target_id
  WHERE t.state = 'up' AND coalesce(t.full_until, '-infinity') < clock_timestamp()
    AND (EXISTS (SELECT FROM unnest(_s.lanes) l WHERE l.target_id = t.target_id AND NOT l.empty AND NOT l.outside)
         OR t.is_self AND NOT EXISTS (SELECT FROM unnest(_s.slots) o WHERE o.target_id = t.target_id))
  GROUP BY t.n, t.is_self, t.max_concurrency
  HAVING count(x.slot_no) < t.max_concurrency AND count(*) FILTER (WHERE x.state IN ('idle', 'opening')) = 0;
END;
$$;
COMMENT ON FUNCTION async.find_wanting_targets(async.loop_t) IS 'Engine: targets that want another connection';

-- pgasync_server/every/finish_opening.sql
CREATE FUNCTION async.finish_opening(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads which session a slot has got, or that it is clean, once it has said so: then the slot is idle. One that has
 * not after 10 s, or whose connection is gone, is closed.
 *
 * _slot: one that is opening, returned as it is then.
 */
#variable_conflict error
DECLARE
  session JSONB;
BEGIN
  IF async.is_busy(_slot.connection) THEN
    RETURN CASE WHEN clock_timestamp() > _slot.progress + INTERVAL '10 s' THEN async.lose_slot(_slot) ELSE _slot END;
  END IF;
  SELECT CASE WHEN r.answer = 'DISCARD ALL' THEN jsonb_build_array(_slot.pid, _slot.backend_start)
              ELSE r.answer::JSONB END
  INTO STRICT session FROM async.dblink_result(_slot.connection) r(answer);
  PERFORM FROM async.dblink_result(_slot.connection);
  RETURN async.make_idle_slot(
    _slot.slot_no, _slot.target_id, _slot.connection, (session->>0)::INT, (session->>1)::TIMESTAMPTZ);
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  RETURN async.lose_slot(_slot);
END;
$$;
COMMENT ON FUNCTION async.finish_opening(async.slot_t) IS 'Engine: reads which session a slot has got';

-- pgasync_server/every/forget_lanes.sql
CREATE FUNCTION async.forget_lanes(_s async.loop_t, _lane_ids BIGINT[]) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes those of some lanes that have no task left.
 *
 * _s: state of the orchestrator, returned as it is then; _lane_ids: the lanes, or null.
 * Writes async.lane, async.open_lane, async.lane_position.
 */
#variable_conflict error
DECLARE
  bare BIGINT[] := ARRAY(
    SELECT u FROM unnest(_lane_ids) u WHERE u IS NOT NULL AND NOT EXISTS (SELECT FROM async.task t WHERE t.lane_id = u));
BEGIN
  IF cardinality(bare) > 0 THEN
    DELETE FROM async.lane_position p WHERE p.lane_id = ANY(bare);
    DELETE FROM async.open_lane o WHERE o.lane_id = ANY(bare);
    DELETE FROM async.lane l WHERE l.lane_id = ANY(bare);
    _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE NOT l.lane_id = ANY(bare));
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.forget_lanes(async.loop_t, BIGINT[]) IS 'Engine: removes lanes that have no task left';

-- pgasync_server/every/forget_old.sql
CREATE FUNCTION async.forget_old(_s async.loop_t, _limit INT DEFAULT 2000) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes tasks that ended longer ago than task_keep_duration with their lanes, log entries as old, and a piece of
 * what other extensions keep. Tasks are looked at piece by piece, in the order of their ids: once one is found that
 * was queued within that time, those behind it have not ended before it either, and it begins anew, behind what is gone:
 * where a transaction somewhere keeps removed rows, they are not passed over and over.
 *
 * _s: state of the orchestrator, returned as it is then; _limit: most tasks, and most log entries, at a time.
 * Writes async.log_entry, what async.forget_tasks(), async.forget_lanes() and the hooks do.
 */
#variable_conflict error
DECLARE
  keep INTERVAL := (SELECT c.task_keep_duration FROM async.control c);
  before TIMESTAMPTZ := clock_timestamp() - keep;
  piece RECORD;
  old_entries TID[] := ARRAY(SELECT o.ctid FROM async.log_entry o WHERE o.logged < before ORDER BY o.logged LIMIT _limit);
  lowest BIGINT := nullif(current_setting('pgflow.lowest_task', true), '')::BIGINT;
  hook async.hook;
  hook_has_more BOOL;
BEGIN
  IF lowest IS NOT NULL THEN
    PERFORM set_config('pgflow.lowest_task', '', false);
    _s.floor := least(_s.floor, lowest - 1);
  END IF;
  SELECT count(*) AS tasks, max(t.task_id) AS furthest, min(t.task_id) FILTER (WHERE old.is_old IS NOT true) AS kept,
         array_agg(t.task_id) FILTER (WHERE old.is_old) AS old_ids,
         array_agg(DISTINCT t.lane_id) FILTER (WHERE old.is_old) AS lane_ids
  INTO piece
  FROM async.find_tasks_before(_s.hand, before, _limit) t
  LEFT JOIN LATERAL (
    SELECT r.ended < before AND t.owner_id = 0 AS is_old FROM async.result r WHERE r.task_id = t.task_id OFFSET 0) old
    ON true;
  PERFORM async.forget_tasks(piece.old_ids);
  _s := async.forget_lanes(_s, piece.lane_ids);
  IF _s.hand = _s.floor THEN
    _s.floor := coalesce(piece.kept - 1, piece.furthest, _s.floor);
  END IF;
  _s.hand := CASE WHEN piece.tasks = _limit THEN piece.furthest ELSE _s.floor END;

  DELETE FROM async.log_entry e WHERE e.ctid = ANY(old_entries);
  _s.untidy := _s.untidy OR piece.tasks = _limit AND piece.old_ids IS NOT NULL OR cardinality(old_entries) = _limit;
  -- a call for each owner
  FOR hook IN SELECT h.* FROM async.hook h WHERE h.on_maintenance IS NOT NULL LOOP
    EXECUTE format('SELECT %s($1)', hook.on_maintenance::REGPROC) INTO hook_has_more USING keep;
    _s.untidy := _s.untidy OR coalesce(hook_has_more, false);
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.forget_old(async.loop_t, INT) IS 'Engine: removes what ended longer ago than task_keep_duration';

-- pgasync_server/every/forget_tasks.sql
CREATE FUNCTION async.forget_tasks(_task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes finished tasks with all that is kept of them.
 *
 * _task_ids: the tasks.
 * Writes async.task, async.result, async.attempt, async.doom.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.attempt a WHERE a.task_id = ANY(_task_ids);
  DELETE FROM async.doom d WHERE d.task_id = ANY(_task_ids);
  DELETE FROM async.result r WHERE r.task_id = ANY(_task_ids);
  DELETE FROM async.task t WHERE t.task_id = ANY(_task_ids);
END;
$$;
COMMENT ON FUNCTION async.forget_tasks(BIGINT[]) IS 'Engine: removes finished tasks';

-- pgasync_server/every/forget_waiting.sql
CREATE FUNCTION async.forget_waiting(_task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes tasks that do not run out of wherever they wait; in their lane they are marked to be passed over.
 *
 * _task_ids: the tasks.
 * Writes async.yielded, async.delayed, async.requeue, async.offer, async.doom.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.yielded y WHERE y.task_id = ANY(_task_ids);
  DELETE FROM async.delayed d WHERE d.task_id = ANY(_task_ids);
  DELETE FROM async.requeue q WHERE q.task_id = ANY(_task_ids);
  PERFORM async.withdraw_offers(_task_ids);
  INSERT INTO async.doom(task_id, status)
  SELECT t.task_id, 'CANCELED'
  FROM async.task t
  WHERE t.task_id = ANY(_task_ids) AND t.seq > async.get_lane_position(t.lane_id)
  ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION async.forget_waiting(BIGINT[]) IS 'Engine: takes tasks out of wherever they wait';

-- pgasync_server/every/free_slots.sql
CREATE FUNCTION async.free_slots(_s async.loop_t, _batch_ids BIGINT[], _verdicts async.verdict_t[])
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes the slots of settled batches idle, drops those without a connection, and brings up to date how long the
 * lanes' tasks take. One that found itself replaced (PF012) makes the orchestrator stop.
 *
 * _s: state of the orchestrator, returned as it is then; _batch_ids: the batches; _verdicts: on their tasks.
 */
#variable_conflict error
DECLARE
  lanes async.lane_state_t[] := _s.lanes;
  lane async.lane_state_t;
  new_work FLOAT8;
  new_pace FLOAT8;
BEGIN
  _s.stopping := _s.stopping OR EXISTS (
    SELECT FROM unnest(_s.slots) x WHERE x.batch_id = ANY(_batch_ids) AND x.sqlstate = 'REPLACED');
  _s.slots := ARRAY(
    SELECT CASE WHEN x.batch_id = ANY(_batch_ids)
      THEN CASE WHEN x.raw OR x.sqlstate IS NOT NULL THEN async.clean_slot(x)
                ELSE async.make_idle_slot(x.slot_no, x.target_id, x.connection, x.pid, x.backend_start) END
      ELSE x END
    FROM unnest(_s.slots) x
    WHERE x.state <> 'closed' AND NOT (x.batch_id = ANY(_batch_ids) AND x.connection IS NULL));
  FOR i IN 1..coalesce(cardinality(lanes), 0) LOOP
    lane := lanes[i];
    SELECT (extract(epoch FROM sum(b.took)) / sum(b.tasks))::FLOAT8,
           (extract(epoch FROM sum(b.worked)) / sum(b.tasks))::FLOAT8
    INTO new_pace, new_work
    FROM (SELECT max(v.ended) - min(v.started) AS took, sum(v.ended - v.started) AS worked, count(*) AS tasks
          FROM unnest(_verdicts) v WHERE v.lane_id = lane.lane_id AND v.outcome <> 'BACK' GROUP BY v.batch_id) b;
    IF new_pace IS NOT NULL THEN
      lane.work := 0.5 * (new_work + coalesce(lane.work, new_work));
      lane.pace := 0.5 * (new_pace + coalesce(lane.pace, new_pace));
      lanes[i] := lane;
    END IF;
  END LOOP;
  _s.lanes := lanes;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.free_slots(async.loop_t, BIGINT[], async.verdict_t[]) IS
  'Engine: frees the slots of settled batches';

-- pgasync_server/every/get_configuration_items.sql
CREATE FUNCTION async.get_configuration_items(_configuration JSONB, _section TEXT) RETURNS JSONB
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The items of one section of a configuration as an array, empty where the shape is wrong.
 *
 * _configuration: what async.configure() was given; _section: control (an array of the one object), targets or
 * concurrency_pools.
 */
SELECT CASE
  WHEN _section = 'control' AND jsonb_typeof(_configuration->_section) = 'object'
  THEN jsonb_build_array(_configuration->_section)
  WHEN _section <> 'control' AND jsonb_typeof(_configuration->_section) = 'array'
  THEN _configuration->_section
  ELSE '[]'
END;
$$;
COMMENT ON FUNCTION async.get_configuration_items(JSONB, TEXT) IS 'Engine: one section of a configuration as an array';

-- pgasync_server/every/get_configuration_rules.sql
CREATE FUNCTION async.get_configuration_rules() RETURNS JSONB LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The keys that async.configure() takes, by section, with what they may hold: see async.check_keys(). docs/reference.md is
 * made from them, and from the comments and defaults of the columns that they set; "about" and "default" stand here
 * for keys that have no column.
 */
SELECT '{
  "control": {
    "workers": {"kind": "integer", "least": 1, "most": 10000},
    "idle_sleep": {"kind": "duration"},
    "busy_sleep": {"kind": "delay"},
    "default_timeout": {"kind": "duration", "null": true},
    "task_keep_duration": {"kind": "delay"},
    "light_maintenance_sleep": {"kind": "duration"},
    "heavy_maintenance_sleep": {"kind": "duration"},
    "self_target": {"kind": "label"},
    "self_connection_string": {"kind": "secret", "null": true},
    "self_concurrency": {"kind": "integer", "least": 1, "most": 10000},
    "default_concurrency_pool_workers": {"kind": "integer", "least": 1, "most": 10000},
    "advisory_mutex_id": {"kind": "integer", "least": -9223372036854775808, "most": 9223372036854775807},
    "log_level": {"kind": "word", "words": ["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR"]},
    "flush": {"kind": "word", "words": ["task", "batch"]},
    "allow_password": {
      "kind": "boolean", "default": false, "about": "Take a connection string that holds a password all the same"
    }
  },
  "targets": {
    "target": {"kind": "label"},
    "connection_string": {"kind": "secret", "null": true},
    "max_concurrency": {"kind": "integer", "least": 1, "most": 10000},
    "asynchronous_finish": {"kind": "boolean"},
    "default_timeout": {"kind": "duration", "null": true},
    "concurrency_track_yielded": {"kind": "boolean"},
    "enabled": {"kind": "boolean"},
    "allow_password": {
      "kind": "boolean", "default": false, "about": "Take a connection string that holds a password all the same"
    }
  },
  "concurrency_pools": {
    "concurrency_pool": {"kind": "label"},
    "max_workers": {"kind": "integer", "least": 1, "most": 10000}
  }
}'::JSONB;
$$;
COMMENT ON FUNCTION async.get_configuration_rules() IS
  'Engine: the keys that async.configure() takes, and their values';

-- pgasync_server/every/get_configured_targets.sql
CREATE FUNCTION async.get_configured_targets(
  _configuration JSONB,
  OUT target TEXT,
  OUT is_self BOOL,
  OUT is_given BOOL,
  OUT connection_string TEXT,
  OUT has_none BOOL,
  OUT max_concurrency INT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * The targets that there will be once a configuration is applied; values of a wrong type count as not given.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a target; is_given: the configuration names it; has_none: it is said to have no connection.
 */
WITH
control AS
(
  SELECT
    c.self_target AS old_self,
    CASE jsonb_typeof(g.item->'self_target') WHEN 'string' THEN g.item->>'self_target' ELSE c.self_target END
      AS new_self,
    CASE jsonb_typeof(g.item->'self_concurrency') WHEN 'number' THEN (g.item->>'self_concurrency')::NUMERIC END
      AS new_limit
  FROM async.control c
  LEFT JOIN jsonb_array_elements(async.get_configuration_items(_configuration, 'control')) AS g(item) ON true
),
given AS
(
  SELECT DISTINCT ON (1)
    g.item->>'target' AS target,
    g.item->>'connection_string' AS connection_string,
    g.item ? 'connection_string' AS has_string,
    CASE jsonb_typeof(g.item->'max_concurrency') WHEN 'number' THEN (g.item->>'max_concurrency')::NUMERIC END
      AS new_limit
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'targets')) WITH ORDINALITY AS g(item, no)
  WHERE jsonb_typeof(g.item->'target') = 'string'
  ORDER BY 1, g.no DESC
),
present AS
(
  SELECT
    CASE t.target WHEN c.old_self THEN c.new_self ELSE t.target END AS target,
    t.connection_string,
    CASE WHEN t.target = c.old_self AND c.new_limit IS NOT NULL THEN c.new_limit ELSE t.max_concurrency END
      AS max_concurrency
  FROM async.target t
  CROSS JOIN control c
)
SELECT
  coalesce(g.target, p.target),
  coalesce(g.target, p.target) = c.new_self,
  g.target IS NOT NULL,
  CASE WHEN g.has_string THEN g.connection_string ELSE p.connection_string END,
  CASE WHEN g.has_string THEN g.connection_string ELSE p.connection_string END IS NULL AND p.connection_string IS NULL
    AND (g.has_string OR p.target IS NOT NULL),
  least(coalesce(g.new_limit, p.max_concurrency, 8), 1e9)::INT
FROM given g
FULL JOIN present p ON p.target = g.target
CROSS JOIN control c;
$$;
COMMENT ON FUNCTION async.get_configured_targets(JSONB) IS 'Engine: the targets that a configuration leads to';

-- pgasync_server/every/get_lane_position.sql
CREATE FUNCTION async.get_lane_position(_lane_id BIGINT) RETURNS BIGINT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How far a lane has been taken. Newest row first: no scan of old ones.
 *
 * _lane_id: the lane.
 * Returns the seq of its last task that went, 0 if none did.
 * Reads async.lane_position.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT coalesce(
      (SELECT p.seq FROM async.lane_position p WHERE p.lane_id = _lane_id ORDER BY p.seq DESC LIMIT 1), 0));
END;
$$;
COMMENT ON FUNCTION async.get_lane_position(BIGINT) IS 'Engine: how far a lane has been taken';

-- pgasync_server/every/get_libpq_options.sql
CREATE FUNCTION async.get_libpq_options() RETURNS TEXT[] LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The options of foreign servers and user mappings that libpq knows, of PostgreSQL 11 to 18: a foreign server may have
 * others, which are for its wrapper, and cannot have one that the libpq of its own server does not know.
 */
SELECT '{
  channel_binding, dbname, gssdelegation, gssencmode, gsslib, host, hostaddr, krbsrvname, load_balance_hosts,
  max_protocol_version, min_protocol_version, options, passfile, password, port, require_auth, requirepeer, service,
  servicefile, ssl_max_protocol_version, ssl_min_protocol_version, sslcert, sslcertmode, sslcompression, sslcrl, sslcrldir,
  sslkey, sslmode, sslnegotiation, sslpassword, sslrootcert, sslsni, target_session_attrs, user}'::TEXT[];
$$;
COMMENT ON FUNCTION async.get_libpq_options() IS 'Engine: options of foreign servers that are for libpq';

-- pgasync_server/every/hang_up.sql
CREATE FUNCTION async.hang_up(_connection TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Closes a dblink connection of this session, if there is one of that name.
 *
 * _connection: its name.
 */
#variable_conflict error
BEGIN
  IF _connection = ANY(async.dblink_connections()) THEN
    PERFORM async.dblink_disconnect(_connection);
  END IF;
EXCEPTION WHEN OTHERS THEN
  NULL;  -- one that is broken is as good as closed
END;
$$;
COMMENT ON FUNCTION async.hang_up(TEXT) IS 'Engine: closes a connection';

-- pgasync_server/every/hang_up_all.sql
CREATE FUNCTION async.hang_up_all() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Closes all of the engine's connections of this session. What runs on them goes on, and is watched by the next
 * orchestrator.
 */
#variable_conflict error
BEGIN
  PERFORM async.hang_up(c) FROM unnest(async.dblink_connections()) c WHERE c LIKE 'pgflow\_%';
END;
$$;
COMMENT ON FUNCTION async.hang_up_all() IS 'Engine: closes all of its connections';

-- pgasync_server/every/has_committed.sql
CREATE FUNCTION async.has_committed(_connection TEXT) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether the task that failed last on a connection had committed something by itself: each task sets
 * pgflow.task, which the rollback of an uncommitted task undoes. Takes a round trip to a session that has just
 * answered; SHOW needs no snapshot, for which one that has made itself deferrable would wait.
 *
 * _connection: its name for dblink.
 * Returns null when it does not say.
 */
#variable_conflict error
BEGIN
  RETURN (SELECT q.answer <> '' FROM async.dblink_query(_connection, 'SHOW pgflow.task') q(answer));
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION async.has_committed(TEXT) IS 'Engine: whether a failed task had committed something by itself';

-- pgasync_server/every/has_no_connection.sql
CREATE FUNCTION async.has_no_connection(_target async.target) RETURNS BOOL LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a target is nothing that one can connect to: only workers outside the database take its tasks.
 *
 * _target: its row.
 */
SELECT (_target).connection_string IS NULL
  AND (_target).target IS DISTINCT FROM (SELECT c.self_target FROM async.control c);
$$;
COMMENT ON FUNCTION async.has_no_connection(async.target) IS
  'Engine: whether only workers outside the database take the tasks of a target';

-- pgasync_server/every/has_nothing_ended.sql
CREATE FUNCTION async.has_nothing_ended(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a cycle would find nothing to do although something runs: no message has ended, no target has
 * answered, nothing was asked for. A full cycle is due every 20 ms all the same.
 *
 * _s: state of the orchestrator.
 */
#variable_conflict error
BEGIN
  IF clock_timestamp() > _s.last_cycle + INTERVAL '20 ms' THEN
    RETURN false;
  END IF;
  FOR i IN 1..coalesce(cardinality(_s.slots), 0) LOOP
    IF (_s.slots)[i].state IN ('busy', 'opening') AND NOT async.is_busy((_s.slots)[i].connection) THEN
      RETURN false;
    END IF;
  END LOOP;
  FOR i IN 1..coalesce(cardinality(_s.targets), 0) LOOP
    IF (_s.targets)[i].control_sent IS NOT NULL
       AND NOT async.is_busy('pgflow_control_' || (_s.targets)[i].target_id) THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN async.has_nothing_new(_s);
END;
$$;
COMMENT ON FUNCTION async.has_nothing_ended(async.loop_t) IS
  'Engine: whether a cycle would find nothing to do although something runs';

-- pgasync_server/every/has_nothing_new.sql
CREATE FUNCTION async.has_nothing_new(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * Tells whether a cycle would find nothing to do: cheap enough to ask a hundred times a second on an idle server.
 * Nothing was asked or configured, nothing is due.
 *
 * _s: state of the orchestrator.
 * Reads async.request, async.control, async.delayed, async.offer.
 */
#variable_conflict error
BEGIN
  RETURN _s.next_maintenance > clock_timestamp()
    AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid >= txid_snapshot_xmax(_s.snapshot))
    AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid IN (SELECT txid_snapshot_xip(_s.snapshot)))
    AND (SELECT c.configuration_version = _s.configuration FROM async.control c)
    AND NOT EXISTS (SELECT FROM async.delayed d WHERE d.due >= _s.due_from AND d.due <= clock_timestamp())
    AND (NOT _s.outside OR NOT EXISTS (SELECT FROM async.offer o WHERE o.times_up <= clock_timestamp()));
END;
$$;
COMMENT ON FUNCTION async.has_nothing_new(async.loop_t) IS 'Engine: whether a cycle would find nothing to do';

-- pgasync_server/every/interrupt.sql
CREATE FUNCTION async.interrupt(_s async.loop_t, _task_ids BIGINT[], _status TEXT, _message TEXT)
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends running tasks unless they commit first: notes the verdict, then has the target revoke them and cancel the one
 * that its session is at.
 *
 * _s: state of the orchestrator, returned as it is then; _task_ids: the tasks; _status, _message: how they are to
 * end, and why.
 * Writes async.doom.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  hit BIGINT[];
BEGIN
  IF cardinality(_task_ids) > 0 THEN
    INSERT INTO async.doom(task_id, status, message)
    SELECT u, _status, _message FROM unnest(_task_ids) u
    ON CONFLICT (task_id) DO NOTHING;
    FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
      hit := ARRAY(SELECT u FROM unnest(slots[i].remaining) u WHERE u = ANY(_task_ids));
      IF slots[i].state IN ('busy', 'watched') AND cardinality(hit) > 0 THEN
        _s := async.order_revocation(_s, i, hit, (slots[i]).remaining[1] = ANY(hit));
      END IF;
    END LOOP;
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.interrupt(async.loop_t, BIGINT[], TEXT, TEXT) IS
  'Engine: ends running tasks unless they commit first';

-- pgasync_server/every/interrupt_owned.sql
CREATE FUNCTION async.interrupt_owned(_s async.loop_t, _payload JSONB) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what runs of an owner, as async.cancel_owned() has asked.
 *
 * _s: state of the orchestrator, returned as it is then; _payload: that of a request async.interrupt.
 * Reads async.lane; writes async.doom.
 */
#variable_conflict error
BEGIN
  RETURN async.interrupt(_s, ARRAY(
    SELECT u
    FROM unnest(_s.slots) x
    JOIN async.lane l ON l.lane_id = x.lane_id
    CROSS JOIN LATERAL unnest(x.task_ids) u
    WHERE x.batch_id IS NOT NULL AND l.owner = _payload->>'owner' AND l.owner_id = (_payload->>'owner_id')::BIGINT
      AND l.owner_item = coalesce((_payload->>'owner_item')::INT, l.owner_item)), 'CANCELED', _payload->>'message');
END;
$$;
COMMENT ON FUNCTION async.interrupt_owned(async.loop_t, JSONB) IS 'Engine: cancels what runs of an owner';

-- pgasync_server/every/is_at_rest.sql
CREATE FUNCTION async.is_at_rest(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether nothing runs, waits for its target, or is expected from one, so that only requests can bring work.
 *
 * _s: state of the orchestrator.
 * Reads async.yielded, async.undelivered.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT NOT EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.state <> 'idle')
      AND NOT EXISTS (SELECT FROM unnest(_s.lanes) l WHERE NOT l.empty AND NOT l.outside)
      AND NOT EXISTS (
        SELECT FROM unnest(_s.targets) t
        WHERE t.state = 'probing' OR t.control_sent IS NOT NULL
           OR t.is_self AND t.state <> 'up' OR NOT t.is_self AND t.state = 'up')
      AND coalesce(current_setting('pgflow.announcements', true), '') = ''
      AND NOT EXISTS (SELECT FROM async.yielded)
      AND NOT EXISTS (SELECT FROM async.undelivered)
      AND coalesce(current_setting('pgflow.doomed', true), '') = '');
END;
$$;
COMMENT ON FUNCTION async.is_at_rest(async.loop_t) IS 'Engine: whether only requests can bring work';

-- pgasync_server/every/is_busy.sql
CREATE FUNCTION async.is_busy(_connection TEXT) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether what was sent over a connection is still under way. One whose other end has gone is not, although
 * libpq of PostgreSQL 11 goes on saying so: asking makes it read, and an error is noted then.
 *
 * _connection: its name for dblink.
 */
#variable_conflict error
BEGIN
  RETURN async.dblink_is_busy(_connection) = 1 AND async.dblink_error(_connection) = 'OK';
END;
$$;
COMMENT ON FUNCTION async.is_busy(TEXT) IS 'Engine: whether what was sent is still under way';

-- pgasync_server/every/is_conninfo.sql
CREATE FUNCTION async.is_conninfo(_connection_string TEXT) RETURNS BOOL LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a connection string is meant to be a conninfo; otherwise it is the name of a foreign server.
 *
 * _connection_string: as configured.
 */
SELECT _connection_string ~ '^\s*[A-Za-z_]+\s*=';
$$;
COMMENT ON FUNCTION async.is_conninfo(TEXT) IS 'Engine: whether a connection string is a conninfo, or names a foreign server';

-- pgasync_server/every/is_label.sql
CREATE FUNCTION async.is_label(_name TEXT) RETURNS BOOL LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a text may be the name of a target, a pool or a flow: anything short that prints on one line. No
 * equals sign, so that a connection string in the wrong place is noticed.
 *
 * _name: the text.
 */
#variable_conflict error
BEGIN
  RETURN octet_length(_name) BETWEEN 1 AND 63 AND _name !~ '^\s|\s$|[\x01-\x1f\x7f=]';
END;
$$;
COMMENT ON FUNCTION async.is_label(TEXT) IS 'Engine: whether a text may be the name of a target, a pool or a flow';

-- pgasync_server/every/is_offer_good.sql
CREATE FUNCTION async.is_offer_good(_offer_no BIGINT, _task_id BIGINT) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether an offered task is still what it was offered as: it has not ended, does not wait elsewhere, and has not been
 * offered anew. An offer outlives that where a worker's open transaction has it locked.
 *
 * _offer_no: the offer; _task_id: its task.
 * Reads async.result, async.delayed, async.requeue, async.offer.
 */
#variable_conflict error
BEGIN
  RETURN NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = _task_id)
    AND NOT EXISTS (SELECT FROM async.delayed d WHERE d.task_id = _task_id)
    AND NOT EXISTS (SELECT FROM async.requeue q WHERE q.task_id = _task_id)
    AND NOT EXISTS (SELECT FROM async.offer o WHERE o.task_id = _task_id AND o.offer_no > _offer_no);
END;
$$;
COMMENT ON FUNCTION async.is_offer_good(BIGINT, BIGINT) IS 'Engine: whether an offered task may still be taken';

-- pgasync_server/every/is_passing.sql
CREATE FUNCTION async.is_passing(_sqlstate TEXT) RETURNS BOOL LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether an error is nobody's fault and will pass: no room, memory or connection left, a clash with another
 * transaction, a lock that was not had, an input or output that failed. What was being done then must be done again; what
 * fails otherwise may be given up alone.
 *
 * _sqlstate: of the error.
 */
SELECT left(_sqlstate, 2) IN ('40', '53') OR _sqlstate IN ('55P03', '58030');
$$;
COMMENT ON FUNCTION async.is_passing(TEXT) IS 'Engine: whether an error of the orchestrator''s own will pass';

-- pgasync_server/every/is_routine_name.sql
CREATE FUNCTION async.is_routine_name(_name TEXT, _may_be_quoted BOOL) RETURNS BOOL
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a text is a name in lower case, or two joined by a dot, as the parser of PostgreSQL takes it without
 * folding.
 *
 * _name: the text; _may_be_quoted: a part may stand in double quotes, which then hold any characters.
 */
#variable_conflict error
DECLARE
  plain TEXT := '[^\x01-\x5e\x60\x7b-\x7f][^\x01-\x23\x25-\x2f\x3a-\x5e\x60\x7b-\x7f]*';
  any_part TEXT := '(?:' || plain || '|"(?:[^"]|"")+")';
BEGIN
  IF _name COLLATE "C" ~ ('^' || plain || '(?:[.]' || plain || ')?$') THEN
    RETURN octet_length(split_part(_name, '.', 1)) < 64 AND octet_length(split_part(_name, '.', 2)) < 64;
  ELSIF _may_be_quoted AND _name COLLATE "C" ~ ('^' || any_part || '(?:[.]' || any_part || ')?$') THEN
    RETURN (SELECT bool_and(octet_length(p.name) < 64) FROM unnest(parse_ident(_name)) AS p(name));
  END IF;

  RETURN false;
END;
$$;
COMMENT ON FUNCTION async.is_routine_name(TEXT, BOOL) IS
  'Engine: whether a text is an identifier, possibly schema-qualified';

-- pgasync_server/every/is_worth_retrying.sql
CREATE FUNCTION async.is_worth_retrying(_sqlstate TEXT, _outcome TEXT, _retry_on TEXT[])
RETURNS BOOL LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a failure is one that another attempt may mend: a timeout, or an SQLSTATE that is named as such;
 * where none is, any but class 42.
 *
 * _sqlstate, _outcome: as in async.verdict_t; _retry_on: SQLSTATEs or classes of two characters, or null.
 */
SELECT CASE
  WHEN _outcome = 'TIMED_OUT' THEN true
  WHEN _retry_on IS NULL THEN _sqlstate NOT LIKE '42%'
  ELSE _sqlstate = ANY(_retry_on) OR left(_sqlstate, 2) = ANY(_retry_on) END;
$$;
COMMENT ON FUNCTION async.is_worth_retrying(TEXT, TEXT, TEXT[]) IS 'Engine: whether another attempt may mend a failure';

-- pgasync_server/every/judge_batches.sql
CREATE FUNCTION async.judge_batches(_slots async.slot_t[], _receipts async.receipt_t[])
RETURNS SETOF async.verdict_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What became of every task in batches that have ended. A receipt decides. Of the tasks without one, the first that
 * was not revoked is the one that the batch's error, or the loss of its session, hit; the others never ran. Nobody is
 * to blame for an interruption that we sent, nor for a batch refused for want of arguments (PF014) or by a later
 * orchestrator (PF012). A raw task has no receipt: the end of its message decides.
 *
 * _slots: with their batches; _receipts: of these batches, and maybe of others.
 * Reads async.lane, async.doom, async.early_finish.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  WITH member AS
  (
    SELECT x.batch_id, x.lane_id, x.sqlstate, x.error, x.committed, x.state, x.interrupted, x.raw, x.sent,
           l.asynchronous, l.owner, l.owner_id, l.owner_item,
           u.task_id, u.n, r.started, r.ended, r.task_id IS NOT NULL AS known,
           d.status AS doom, d.message AS doom_message,
           e.status AS answer, e.message AS answer_message, e.duration AS answer_duration
    FROM unnest(_slots) x
    JOIN async.lane l ON l.lane_id = x.lane_id
    CROSS JOIN LATERAL unnest(x.task_ids) WITH ORDINALITY u(task_id, n)
    LEFT JOIN unnest(_receipts) r ON r.batch_id = x.batch_id AND r.task_id = u.task_id
    LEFT JOIN LATERAL (SELECT o.* FROM async.doom o WHERE o.task_id = u.task_id OFFSET 0) d ON true
    LEFT JOIN LATERAL (SELECT f.* FROM async.early_finish f WHERE f.task_id = u.task_id OFFSET 0) e ON true
  ), ranked AS
  (
    SELECT m.*, row_number() OVER (PARTITION BY m.batch_id, m.ended IS NULL AND (NOT m.known OR m.state = 'watched')
                                   ORDER BY m.n) = 1 AS hit
    FROM member m
  )
  SELECT m.task_id, m.lane_id, m.batch_id, m.n,
         CASE
           WHEN m.ended IS NOT NULL OR m.raw AND m.state = 'ended' AND m.sqlstate IS NULL THEN 'DONE'
           WHEN m.doom IS NOT NULL THEN m.doom
           WHEN m.hit AND m.state = 'watched' THEN 'LOST'
           WHEN m.hit AND NOT m.known AND m.sqlstate IS NOT NULL AND m.sqlstate NOT IN ('REPLACED', 'MISSING')
                AND NOT (m.interrupted AND m.sqlstate = '57014') THEN 'ERROR'
           ELSE 'BACK'
         END,
         coalesce(m.started, m.sent), coalesce(m.ended, clock_timestamp()), m.sqlstate,
         coalesce(m.doom_message, m.error), m.committed, m.doom, m.doom_message,
         m.answer, m.answer_message, m.answer_duration, m.asynchronous, m.owner, m.owner_id, m.owner_item
  FROM ranked m;
END;
$$;
COMMENT ON FUNCTION async.judge_batches(async.slot_t[], async.receipt_t[]) IS
  'Engine: what became of the tasks of ended batches';

-- pgasync_server/every/keep_state.sql
CREATE FUNCTION async.keep_state(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Keeps the state of an orchestrator in manual mode between two calls.
 *
 * _s: state of the orchestrator.
 * Writes pg_temp.pgflow_state, which it makes.
 */
#variable_conflict error
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS pg_temp.pgflow_state (state async.loop_t) ON COMMIT PRESERVE ROWS;
  DELETE FROM pg_temp.pgflow_state;
  INSERT INTO pg_temp.pgflow_state(state) VALUES (_s);
END;
$$;
COMMENT ON FUNCTION async.keep_state(async.loop_t) IS 'Engine: keeps the state of an orchestrator in manual mode';

-- pgasync_server/every/label_item.sql
CREATE FUNCTION async.label_item(_section TEXT, _item JSONB, _no BIGINT) RETURNS TEXT
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What an error message calls an item of a configuration of the engine: by its name, or by its place where it has
 * none that may be told.
 *
 * _section: control, targets or concurrency_pools; _item: the item; _no: its place in the section, from 1.
 */
SELECT CASE
  WHEN _section = 'control' THEN _section
  WHEN jsonb_typeof(_item->n.name_key) = 'string' AND async.is_label(_item->>n.name_key)
  THEN format('%s %s', replace(n.name_key, '_', ' '), to_json(_item->>n.name_key))
  ELSE format('%s[%s]', _section, _no)
END
FROM (SELECT left(_section, -1) AS name_key) n;
$$;
COMMENT ON FUNCTION async.label_item(TEXT, JSONB, BIGINT) IS
  'Engine: what an error message calls an item of a configuration';

-- pgasync_server/every/lapse_offers.sql
CREATE FUNCTION async.lapse_offers() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes tasks back that a worker outside the database has not finished by the time that it was given: they are offered
 * again. A task whose own time is up is timed out, as is one that nobody has taken for that long.
 *
 * Writes async.offer, async.attempt, async.requeue, and what async.settle_offers() and async.end_waiting_tasks() do; locks rows
 * of async.offer FOR UPDATE SKIP LOCKED.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  late BIGINT[] := ARRAY(
    SELECT o.offer_no FROM async.offer o
    WHERE o.times_up <= now AND async.is_offer_good(o.offer_no, o.task_id)
    FOR UPDATE SKIP LOCKED);
  share RECORD;
BEGIN
  -- a call for each lane and kind of end: there are few
  FOR share IN
    SELECT o.lane_id, o.timeout, CASE WHEN o.taken IS NULL THEN 'waiting' WHEN o.times_up >= o.ends THEN 'over' ELSE 'back' END
             AS kind, array_agg(o.task_id ORDER BY o.offer_no) AS task_ids
    FROM async.offer o WHERE o.offer_no = ANY(late)
    GROUP BY 1, 2, 3
  LOOP
    CASE share.kind
      WHEN 'waiting' THEN
        PERFORM async.end_waiting_tasks(share.task_ids, 'TIMED_OUT', 'timed out waiting for a worker');
      WHEN 'over' THEN
        PERFORM async.settle_offers(share.task_ids, 'TIMED_OUT', format('timed out after %s', share.timeout));
      ELSE
        INSERT INTO async.attempt(task_id, attempt, status, started, ended, error, counted)
        SELECT o.task_id, a.attempts + 1, 'INTERRUPTED', o.taken, now, 'its worker did not finish it in time', false
        FROM async.offer o CROSS JOIN LATERAL async.count_attempts(o.task_id) a
        WHERE o.offer_no = ANY(late) AND o.task_id = ANY(share.task_ids);
        PERFORM async.put_back(share.lane_id, async.withdraw_offers(share.task_ids));
    END CASE;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.lapse_offers() IS 'Engine: takes tasks back whose workers are late';

-- pgasync_server/every/leave_moved_targets.sql
CREATE FUNCTION async.leave_moved_targets(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives up the connections to targets that are configured to be somewhere else now, or to be disabled. What runs
 * there goes on and is watched over the new connection.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.target; writes async.log_entry.
 */
#variable_conflict error
DECLARE
  moved INT;
BEGIN
  -- a loop: each call brings a new state
  FOR moved IN
    SELECT o.n::INT
    FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.targets) u) o
    LEFT JOIN async.target t ON t.target_id = o.target_id AND t.enabled AND NOT async.has_no_connection(t)
    WHERE o.state <> 'down' AND coalesce(t.connection_string, async.build_self_conninfo()) IS DISTINCT FROM
          CASE WHEN t.target_id IS NOT NULL THEN o.connection_string END
  LOOP
    _s := async.lose_target(_s, moved, 'its configuration has changed');
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.leave_moved_targets(async.loop_t) IS
  'Engine: gives up connections to targets that have moved';

-- pgasync_server/every/load_configuration.sql
CREATE FUNCTION async.load_configuration(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads targets and settings when async.configure() has changed them; targets keep what is known of their
 * connections.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.target, async.control.
 */
#variable_conflict error
DECLARE
  latest BIGINT;
BEGIN
  SELECT c.configuration_version INTO latest FROM async.control c;
  IF latest IS DISTINCT FROM _s.configuration THEN
    _s.configuration := latest;
    SELECT c.workers, c.paused, c.flush INTO _s.workers, _s.paused, _s.flush FROM async.control c;
    _s.unflushed := coalesce(_s.unflushed, false) OR _s.flush = 'batch';
    _s.next_maintenance := clock_timestamp();  -- these may be due more often now
    _s.next_vacuum := _s.next_maintenance;
    _s := async.leave_moved_targets(_s);
    _s.targets := ARRAY(
      SELECT async.refresh_target(t, u.old)
      FROM async.target t
      LEFT JOIN (SELECT o.target_id, o AS old FROM unnest(_s.targets) o) u ON u.target_id = t.target_id
      WHERE t.enabled AND NOT async.has_no_connection(t)
      ORDER BY t.target_id);
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.load_configuration(async.loop_t) IS
  'Engine: reads targets and settings when they have changed';

-- pgasync_server/every/load_slot.sql
CREATE FUNCTION async.load_slot(
  _s async.loop_t,
  _slot async.slot_t,
  _lane async.lane,
  _part async.part_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Assigns tasks of a lane to an idle slot: writes the batch and makes up its message.
 *
 * _s: state of the orchestrator; _slot: the slot, returned as it is then; _lane: the lane; _part: the tasks.
 * Writes async.batch.
 */
#variable_conflict error
BEGIN
  _slot.state := 'busy';
  _slot.batch_id := nextval('async.batch_id_seq');
  _slot.epoch := _s.epoch;
  _slot.ring := (SELECT t.ring FROM unnest(_s.targets) t WHERE t.target_id = _slot.target_id);
  _slot.lane_id := _lane.lane_id;
  _slot.raw := _lane.raw;
  _slot.pool_id := _lane.pool_id;
  _slot.timeout := _lane.timeout;
  _slot.task_ids := _part.task_ids;
  _slot.remaining := _slot.task_ids;
  INSERT INTO async.batch(batch_id, epoch, ring, target_id, lane_id, pid, backend_start, task_ids)
  VALUES (
    _slot.batch_id, _slot.epoch, _slot.ring, _slot.target_id, _slot.lane_id, _slot.pid, _slot.backend_start,
    _slot.task_ids);
  _slot.query := async.build_message(_s, _slot, _lane, _part);
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.load_slot(async.loop_t, async.slot_t, async.lane, async.part_t) IS
  'Engine: assigns tasks to a slot';

-- pgasync_server/every/log.sql
CREATE FUNCTION async.log(_level TEXT, _message TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Writes to the log, if the level is at least the one configured.
 *
 * _level: DEBUG, INFO, NOTICE, WARNING or ERROR; _message: one line.
 * Errors: 22023 another level.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  levels CONSTANT TEXT[] := '{DEBUG,INFO,NOTICE,WARNING,ERROR}'::TEXT[];
BEGIN
  IF NOT upper(_level) = ANY(levels) THEN
    RAISE EXCEPTION 'unknown log level "%"', _level USING
      ERRCODE = 'invalid_parameter_value', HINT = 'Use DEBUG, INFO, NOTICE, WARNING or ERROR.';
  END IF;
  INSERT INTO async.log_entry(level, message)
  SELECT upper(_level), _message
  FROM async.control c
  WHERE array_position(levels, upper(_level)) >= coalesce(array_position(levels, upper(c.log_level)), 1);
END;
$$;
COMMENT ON FUNCTION async.log(TEXT, TEXT) IS 'Writes to the log';

-- pgasync_server/every/lose_slot.sql
CREATE FUNCTION async.lose_slot(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives a slot's connection up. What was running may still be: the slot becomes watched until its session has ended.
 * What has ended waits for its receipts as before; an idle slot is closed.
 *
 * _slot: the slot, returned as it is then.
 */
#variable_conflict error
BEGIN
  PERFORM async.hang_up(_slot.connection);
  _slot.connection := NULL;
  _slot.state := CASE
    WHEN _slot.batch_id IS NULL THEN 'closed' WHEN _slot.state = 'ended' THEN 'ended' ELSE 'watched' END;
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.lose_slot(async.slot_t) IS 'Engine: gives a slot''s connection up';

-- pgasync_server/every/lose_target.sql
CREATE FUNCTION async.lose_target(_s async.loop_t, _target INT, _reason TEXT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives the connections to a target up and tries again after 0.1 s, doubling up to 5 s. Its waiting tasks stay where
 * they are; what was running is watched once it can be reached.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _reason: for the log.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
BEGIN
  IF this_target.failures = 0 THEN
    PERFORM async.log('WARNING', format('target %s cannot be reached: %s', this_target.target, _reason));
  END IF;
  PERFORM async.hang_up('pgflow_control_' || this_target.target_id);
  PERFORM async.hang_up('pgflow_helper_' || this_target.target_id);
  this_target.state := 'down';
  this_target.retry_at := clock_timestamp() + least(5, 0.1 * 2 ^ least(this_target.failures, 10)) * INTERVAL '1 s';
  this_target.failures := this_target.failures + 1;
  this_target.control_sent := NULL;
  this_target.answer := NULL;
  this_target.trouble := NULL;
  this_target.revocations := NULL;
  this_target.trimmed := NULL;
  targets[_target] := this_target;
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.target_id <> this_target.target_id;
    slot.revoking := false;  -- what was ordered may not have arrived: async.watch_slots() orders it again
    slots[i] := CASE WHEN slot.connection IS NULL THEN slot ELSE async.lose_slot(slot) END;
  END LOOP;
  _s.slots := slots;
  _s.targets := targets;
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.lose_target(async.loop_t, INT, TEXT) IS 'Engine: gives the connections to a target up';

-- pgasync_server/every/main.sql
CREATE PROCEDURE async.main(_force BOOL DEFAULT false, _manual_mode BOOL DEFAULT false)
LANGUAGE plpgsql AS
$$
/*
 * The orchestrator. Runs until async.stop(), and commits with every cycle.
 *
 * _force: end one that is running already and take over; otherwise return with a NOTICE then; _manual_mode: only
 * prepare; each CALL async.cycle() is then one cycle, for tests.
 * Errors: PF012 in a copy of a server, PF013 when the session cannot host it.
 * Writes what async.work() does; takes a session-level advisory lock.
 */
#variable_conflict error
DECLARE
  mutex BIGINT := (SELECT c.advisory_mutex_id FROM async.control c);  -- may be configured otherwise meanwhile
  s async.loop_t;
BEGIN
  PERFORM async.assert_fit();
  PERFORM async.prepare_session();
  COMMIT;
  IF NOT async.seize_mutex(mutex, _force) THEN
    RAISE NOTICE 'an orchestrator is running already';
    RETURN;
  END IF;
  PERFORM async.pass('seized');
  PERFORM async.hang_up_all();
  s := async.recover(async.begin_reign());
  PERFORM async.pass('reigning');
  COMMIT;
  PERFORM async.pass('begun');
  IF _manual_mode THEN
    PERFORM async.keep_state(s);
    RETURN;
  END IF;
  LOOP
    IF NOT s.pending AND (CASE WHEN s.resting THEN async.has_nothing_new(s) ELSE async.has_nothing_ended(s) END) THEN
      COMMIT;
      PERFORM async.rest(s);
    ELSE
      s := async.work_safely(s);
      COMMIT;
      IF s.in_test THEN
        PERFORM async.pass('committed');
      END IF;
      s := async.send(s);
      EXIT WHEN s.stopping;
    END IF;
  END LOOP;
  PERFORM async.pass('stopping');
  PERFORM async.hang_up_all();
  PERFORM async.log('NOTICE', pg_catalog.format('orchestrator with epoch %s has ended', s.epoch));
  PERFORM pg_catalog.pg_advisory_unlock(mutex);
END;
$$;
COMMENT ON PROCEDURE async.main(BOOL, BOOL) IS 'The orchestrator: runs until async.stop()';

-- pgasync_server/every/maintain.sql
CREATE FUNCTION async.maintain(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes a piece of what is no longer needed, when it is time, or when it has many lanes in mind that are empty: at
 * most a few thousand rows a cycle, and soon again when there was more.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.request, and what async.trim_positions() and async.forget_old() do; locks as async.trim_requests()
 * does.
 */
#variable_conflict error
DECLARE
  pause INTERVAL;
BEGIN
  IF clock_timestamp() < _s.next_maintenance AND (
    cardinality(_s.lanes) < 200
    OR (SELECT count(*) FILTER (WHERE l.empty) < 0.5 * count(*) FROM unnest(_s.lanes) l)) THEN
    RETURN _s;
  END IF;
  SELECT least(c.light_maintenance_sleep, INTERVAL '1 minute') INTO pause FROM async.control c;
  _s.untidy := NOT async.trim_requests(_s.snapshot, _s.trimmed);
  IF NOT _s.untidy THEN
    _s.trimmed := _s.snapshot;
  END IF;
  IF _s.in_test THEN
    PERFORM async.pass('trimmed');
  END IF;
  _s := async.trim_positions(_s);
  _s := async.forget_old(_s);
  IF _s.in_test THEN
    PERFORM async.pass('forgotten');
  END IF;
  IF clock_timestamp() >= _s.next_vacuum THEN
    _s := async.vacuum_tables(async.renew_tables(_s));
    _s.next_vacuum := clock_timestamp() + pause;
  END IF;
  _s.next_maintenance := clock_timestamp() + CASE
    WHEN _s.untidy THEN INTERVAL '100 ms'
    WHEN _s.hand > _s.floor THEN INTERVAL '1 s'
    ELSE pause END;
  _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE NOT l.empty);
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.maintain(async.loop_t) IS 'Engine: removes what is no longer needed';

-- pgasync_server/every/make_idle_slot.sql
CREATE FUNCTION async.make_idle_slot(
  _slot_no INT,
  _target_id INT,
  _connection TEXT,
  _pid INT,
  _backend_start TIMESTAMPTZ) RETURNS async.slot_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A slot that has a connection and runs nothing.
 *
 * _slot_no, _target_id, _connection, _pid, _backend_start: as in async.slot_t.
 */
#variable_conflict error
DECLARE
  slot async.slot_t;
BEGIN
  slot.slot_no := _slot_no;
  slot.target_id := _target_id;
  slot.connection := _connection;
  slot.pid := _pid;
  slot.backend_start := _backend_start;
  slot.state := 'idle';
  slot.revoking := false;
  slot.interrupted := false;
  slot.terminate := false;
  slot.gone := false;
  slot.progress := clock_timestamp();
  RETURN slot;
END;
$$;
COMMENT ON FUNCTION async.make_idle_slot(INT, INT, TEXT, INT, TIMESTAMPTZ) IS 'Engine: a slot that runs nothing';

-- pgasync_server/every/measure_edit_distance.sql
CREATE FUNCTION async.measure_edit_distance(_a TEXT, _b TEXT) RETURNS INT
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Fewest characters to insert, remove or replace that turn one text into the other (Levenshtein).
 *
 * _a, _b: the texts.
 */
#variable_conflict error
DECLARE
  wanted TEXT[] := string_to_array(_b, NULL);
  letter TEXT;
  above INT[];
  this_row INT[];
BEGIN
  above := ARRAY(SELECT generate_series(0, length(_b)));

  FOR i IN 1..length(_a) LOOP
    letter := substr(_a, i, 1);
    this_row := array_fill(i, ARRAY[length(_b) + 1]);

    -- a cell needs the one before it, so this is a loop
    FOR j IN 1..length(_b) LOOP
      this_row[j + 1] := least(
        above[j + 1] + 1,
        this_row[j] + 1,
        above[j] + CASE WHEN wanted[j] = letter THEN 0 ELSE 1 END);
    END LOOP;

    above := this_row;
  END LOOP;

  RETURN above[length(_b) + 1];
END;
$$;
COMMENT ON FUNCTION async.measure_edit_distance(TEXT, TEXT) IS 'Engine: edit distance of two texts';

-- pgasync_server/every/move_lane.sql
CREATE FUNCTION async.move_lane(
  _lane async.lane_state_t,
  _parts async.part_t[],
  _limit INT,
  _most INT) RETURNS async.lane_state_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A lane after tasks have been taken from its head. It is empty when there were fewer than asked for. Doomed ones
 * have been settled before and are only passed over.
 *
 * _lane: the lane, returned as it is then; _parts: the tasks; _limit, _most: how many tasks, in how many messages,
 * were asked for.
 * Writes async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  part async.part_t;
  requeued_seqs BIGINT[] := '{}'::BIGINT[];
BEGIN
  _lane.empty := cardinality(_parts) < _most AND _limit > (
      SELECT coalesce(sum(coalesce(cardinality(p.task_ids), 0) + coalesce(cardinality(p.doomed), 0)), 0)
      FROM unnest(_parts) p)
    OR cardinality(_parts) = 0;
  FOREACH part IN ARRAY _parts LOOP
    _lane.position := greatest(_lane.position, part.furthest);
    _lane.served := _lane.served + coalesce(cardinality(part.task_ids), 0);
    requeued_seqs := requeued_seqs || coalesce(part.again, '{}');
    IF part.doomed IS NOT NULL THEN
      DELETE FROM async.doom d WHERE d.task_id = ANY(part.doomed);
    END IF;
  END LOOP;
  IF cardinality(requeued_seqs) > 0 THEN
    DELETE FROM async.requeue q WHERE q.lane_id = _lane.lane_id AND q.seq = ANY(requeued_seqs);
  END IF;
  _lane.requeued := cardinality(requeued_seqs) > 0;
  _lane.again := greatest(_lane.again, (SELECT max(u) FROM unnest(requeued_seqs) u));
  IF EXISTS (SELECT FROM unnest(_parts) p WHERE p.furthest IS NOT NULL) THEN
    INSERT INTO async.lane_position(lane_id, seq) VALUES (_lane.lane_id, _lane.position);
  END IF;
  RETURN _lane;
END;
$$;
COMMENT ON FUNCTION async.move_lane(async.lane_state_t, async.part_t[], INT, INT) IS
  'Engine: a lane after tasks have been taken from it';

-- pgasync_server/every/move_tail.sql
CREATE FUNCTION async.move_tail(_since TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * From when on async.tail() reads again: a minute ago, for entries are not committed in the order of their times.
 *
 * _since: from when on it has read.
 */
SELECT greatest(_since, clock_timestamp() - INTERVAL '1 minute');
$$;
COMMENT ON FUNCTION async.move_tail(TIMESTAMPTZ) IS 'Engine: from when on async.tail() reads again';

-- pgasync_server/every/note_receipts.sql
CREATE FUNCTION async.note_receipts(_slot async.slot_t, _receipts async.receipt_t[])
RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings what a slot knows of its batch up to date.
 *
 * _slot: the slot, returned as it is then; _receipts: just read, of any batches.
 */
#variable_conflict error
BEGIN
  SELECT array_agg(u.task_id ORDER BY u.n) FILTER (WHERE r.task_id IS NULL), greatest(_slot.progress, max(r.ended))
  INTO _slot.remaining, _slot.progress
  FROM unnest(_slot.task_ids) WITH ORDINALITY u(task_id, n)
  LEFT JOIN unnest(_receipts) r ON r.batch_id = _slot.batch_id AND r.task_id = u.task_id;
  _slot.seen := clock_timestamp();
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.note_receipts(async.slot_t, async.receipt_t[]) IS 'Engine: what a slot knows of its batch';

-- pgasync_server/every/observe.sql
CREATE FUNCTION async.observe(_slot async.slot_t, _sessions JSONB) RETURNS async.slot_t
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Looks after a session that runs a batch without a connection to us. While it works it is left alone. When it does
 * not, it is ended, lest a message that was under way starts it again; when it is gone, gone is set.
 *
 * _slot: one that is watched, returned as it is then; _sessions: [[pid, start, active]] as the target reports them.
 */
#variable_conflict error
DECLARE
  found JSONB;
BEGIN
  SELECT e.value INTO found
  FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_sessions) = 'array' THEN _sessions END) e
  WHERE (e.value->>0)::INT = _slot.pid AND (e.value->>1)::TIMESTAMPTZ = _slot.backend_start;
  IF found IS NULL THEN
    _slot.gone := true;
    _slot.terminate := false;
  ELSIF NOT (found->>2)::BOOL THEN
    _slot.terminate := true;
  END IF;
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.observe(async.slot_t, JSONB) IS 'Engine: looks after a session without a connection to us';

-- pgasync_server/every/offer_lane.sql
CREATE FUNCTION async.offer_lane(_lane async.lane_state_t, _limit INT) RETURNS async.lane_state_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Offers tasks from the head of a lane. The time of a task that was taken before runs on.
 *
 * _lane: the lane, returned as it is then; _limit: most tasks.
 * Writes async.offer, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  head async.head_t[] := ARRAY(SELECT h FROM async.read_lane_head(_lane, _limit) h);
  new_ids BIGINT[] := ARRAY(SELECT h.task_id FROM unnest(head) WITH ORDINALITY h(task_id, seq, again, query, argument, doomed, n)
                            WHERE NOT h.doomed ORDER BY h.n);
  parts async.part_t[] := ARRAY(
    SELECT ROW(NULL, nullif(new_ids, '{}'), NULL, NULL, max(h.seq),
               array_agg(h.again) FILTER (WHERE h.again IS NOT NULL), array_agg(h.task_id) FILTER (WHERE h.doomed))::async.part_t
    FROM unnest(head) h HAVING count(*) > 0);
BEGIN
  INSERT INTO async.offer(task_id, lane_id, target_id, pool_id, priority, task_data, timeout, ends, times_up)
  SELECT u.task_id, l.lane_id, l.target_id, l.pool_id, l.priority, u.description, l.timeout, b.began + l.timeout,
         coalesce(b.began + l.timeout, clock_timestamp() + l.timeout, 'infinity')
  FROM unnest(new_ids, async.describe_offers(_lane.lane_id, new_ids)) WITH ORDINALITY u(task_id, description, n)
  JOIN async.lane l ON l.lane_id = _lane.lane_id
  CROSS JOIN LATERAL (
    SELECT min(a.started) AS began FROM async.attempt a
    WHERE a.task_id = u.task_id AND a.attempt > coalesce(
      (SELECT max(c.attempt) FROM async.attempt c WHERE c.task_id = u.task_id AND c.counted), 0)) b
  ORDER BY u.n;
  RETURN async.move_lane(_lane, parts, _limit, 2);
END;
$$;
COMMENT ON FUNCTION async.offer_lane(async.lane_state_t, INT) IS 'Engine: offers tasks from the head of a lane';

-- pgasync_server/every/offer_tasks.sql
CREATE FUNCTION async.offer_tasks(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Offers tasks to workers outside the database: by priority, then by turns, as many as the concurrency of target and pool
 * leave free. An offer counts in both until its task has ended or gone back.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.offer, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  lanes async.lane_state_t[] := _s.lanes;
  candidate RECORD;
  places INT;
BEGIN
  -- a loop: what one lane gets, the next cannot have
  FOR candidate IN SELECT c.* FROM async.rank_outside_lanes(_s) c LOOP
    SELECT least(f.of_target, f.of_pool) INTO places
    FROM async.count_free_places(_s.slots, candidate.target_id, candidate.pool_id) f;
    IF places > 0 THEN
      lanes[candidate.n] := async.offer_lane(lanes[candidate.n], ceil(places::NUMERIC / candidate.rivals)::INT);
      _s.worked := true;
      _s.pending := true;
    END IF;
  END LOOP;
  _s.lanes := lanes;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.offer_tasks(async.loop_t) IS 'Engine: offers tasks as far as there is room';

-- pgasync_server/every/open_control.sql
CREATE FUNCTION async.open_control(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens the control connection of a target that has just been seen to answer, and registers this orchestrator there.
 * If a later one of this server has been there: takes a greater epoch when it comes there for the first time, for it
 * is a promoted standby that lagged behind; stops when it has been there before, for it has been replaced.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: those of the connection; 08004 when a pooler stands in between.
 * Writes async.epoch, async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  control TEXT := 'pgflow_control_' || this_target.target_id;
  later_epoch BIGINT;
BEGIN
  PERFORM async.hang_up(control);
  PERFORM async.connect(
    control, async.build_conninfo(this_target.connection_string, this_target.version, 'pgflow control', true),
    this_target.is_self);
  IF (SELECT q.answer FROM async.dblink_query(control, 'SHOW client_min_messages') q(answer)) <> 'error' THEN
    RAISE EXCEPTION 'target % is behind a connection pooler', this_target.target USING ERRCODE = '08004';
  END IF;
  IF this_target.has_client THEN
    LOOP
      SELECT q.answer::BIGINT INTO later_epoch
      FROM async.dblink_query(
        control, format('SELECT async.register_epoch(%L, %L, %L)', _s.server, _s.epoch, _s.token)) q(answer);
      EXIT WHEN later_epoch = 0;
      IF this_target.registered THEN
        _s.stopping := true;
        RETURN _s;
      END IF;
      _s := async.take_epoch(_s, later_epoch);
    END LOOP;
    this_target.registered := true;
    IF _s.in_test THEN
      PERFORM async.pass('registered');
    END IF;
  END IF;
  IF this_target.failures > 0 THEN
    PERFORM async.log('NOTICE', format('target %s has been reached', this_target.target));
  END IF;
  this_target.state := 'up';
  this_target.failures := 0;
  this_target.probed := clock_timestamp();
  this_target.control_sent := NULL;
  this_target.pause := 0.05;
  this_target.next_exchange := '-infinity';
  targets[_target] := this_target;
  _s.targets := targets;
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.open_control(async.loop_t, INT) IS 'Engine: opens the control connection of a target';

-- pgasync_server/every/open_slot.sql
CREATE FUNCTION async.open_slot(_s async.loop_t, _target async.target_state_t) RETURNS async.slot_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens one more connection to a target.
 *
 * _s: state of the orchestrator; _target: the target.
 * Returns its slot, which has yet to say which session it has got.
 * Errors: those of the connection.
 */
#variable_conflict error
DECLARE
  new_no INT := 1 + coalesce((SELECT max(x.slot_no) FROM unnest(_s.slots) x WHERE x.target_id = _target.target_id), 0);
  name TEXT := format('pgflow_slot_%s_%s', _target.target_id, new_no);
  slot async.slot_t;
BEGIN
  PERFORM async.hang_up(name);
  PERFORM async.connect(
    name, async.build_conninfo(_target.connection_string, _target.version, format('pgflow slot %s', new_no), false),
    _target.is_self);
  PERFORM async.dblink_send(name, $query$
    SELECT pg_catalog.jsonb_build_array(a.pid, a.backend_start)
    FROM pg_catalog.pg_stat_activity a WHERE a.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  $query$);
  slot := async.make_idle_slot(new_no, _target.target_id, name, NULL, NULL);
  slot.state := 'opening';
  RETURN slot;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  PERFORM async.hang_up(name);
  RAISE;
END;
$$;
COMMENT ON FUNCTION async.open_slot(async.loop_t, async.target_state_t) IS
  'Engine: opens one more connection to a target';

-- pgasync_server/every/open_slots.sql
CREATE FUNCTION async.open_slots(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens connections, a few a cycle, to targets with waiting tasks and no idle slot, up to their max_concurrency.
 * Another server must have answered within the last 10 ms, or is asked for that first: connecting is the one thing
 * that has to be waited for. Trouble costs that target only.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
  wanting RECORD;
BEGIN
  -- a loop: each connection is opened by itself, and may fail by itself
  FOR wanting IN SELECT w.* FROM async.find_wanting_targets(_s) w LOOP
    this_target := targets[wanting.n];
    IF NOT this_target.is_self AND this_target.probed < clock_timestamp() - INTERVAL '10 ms' THEN
      IF this_target.has_client THEN
        this_target.next_exchange := '-infinity';
      ELSE
        this_target.state := 'down';  -- it has nothing to ask: a helper tries it again
        this_target.retry_at := '-infinity';
      END IF;
      targets[wanting.n] := this_target;
      _s.targets := targets;
      CONTINUE;
    END IF;
    BEGIN
      FOR i IN 1..wanting.missing LOOP
        _s.slots := _s.slots || async.open_slot(_s, this_target);
        _s.worked := true;
        IF _s.in_test THEN
          PERFORM async.pass('opened');
        END IF;
      END LOOP;
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      _s := async.refuse_slots(_s, wanting.n, SQLERRM);
      targets := _s.targets;
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.open_slots(async.loop_t) IS 'Engine: opens connections where tasks wait';

-- pgasync_server/every/order_revocation.sql
CREATE FUNCTION async.order_revocation(
  _s async.loop_t,
  _slot INT,
  _task_ids BIGINT[],
  _cancel BOOL,
  _waiting BOOL DEFAULT false) RETURNS async.loop_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds to the next exchange with a slot's target: revoke tasks of its batch. Until it is answered the slot gets
 * nothing new.
 *
 * _s: state of the orchestrator, returned as it is then; _slot: index into _s.slots; _task_ids: the tasks; _cancel:
 * interrupt the session too; _waiting: only those that it has not begun.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t := slots[_slot];
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
BEGIN
  slot.revoking := true;
  slot.interrupted := slot.interrupted OR _cancel;
  slots[_slot] := slot;
  FOR i IN 1..cardinality(targets) LOOP
    this_target := targets[i];
    CONTINUE WHEN this_target.target_id <> slot.target_id;
    this_target.revocations := coalesce(this_target.revocations, '[]') || jsonb_build_object(
      'ring', slot.ring, 'epoch', slot.epoch, 'batch_id', slot.batch_id, 'tasks', _task_ids,
      'pid', slot.pid, 'start', slot.backend_start, 'cancel', _cancel, 'waiting', _waiting);
    this_target.next_exchange := '-infinity';
    targets[i] := this_target;
  END LOOP;
  _s.slots := slots;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.order_revocation(async.loop_t, INT, BIGINT[], BOOL, BOOL) IS
  'Engine: has a target revoke tasks at the next exchange';

-- pgasync_server/every/parse_interval.sql
CREATE FUNCTION async.parse_interval(_value JSONB) RETURNS INTERVAL LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The time span that a configuration gives: a string that PostgreSQL reads as an interval, or a number of seconds.
 *
 * _value: the JSON value.
 * Returns null for what is no time span, for a negative or infinite one, and for more than a hundred years (which
 * could not be added to every timestamp).
 */
#variable_conflict error
DECLARE
  span INTERVAL;
BEGIN
  CASE jsonb_typeof(_value)
    WHEN 'string' THEN
      span := (_value#>>'{}')::INTERVAL;
    WHEN 'number' THEN
      span := make_interval(secs => (_value#>>'{}')::FLOAT8);
    ELSE
      RETURN NULL;
  END CASE;

  RETURN CASE WHEN isfinite(span) AND span BETWEEN '0' AND '100 years' THEN span END;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION async.parse_interval(JSONB) IS 'Engine: interval of a JSON value, null when it is none';

-- pgasync_server/every/parse_requests.sql
CREATE FUNCTION async.parse_requests(_requests JSONB) RETURNS async.request[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Requests as a target reports them, as rows.
 *
 * _requests: array of {kind, payload, items}.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT array_agg(
      ROW(NULL, NULL, r.value->>'kind', r.value->'payload',
          CASE WHEN jsonb_typeof(r.value->'items') = 'array'
               THEN ARRAY(SELECT i.value FROM jsonb_array_elements(r.value->'items') i) END,
          clock_timestamp())::async.request ORDER BY r.n)
    FROM jsonb_array_elements(_requests) WITH ORDINALITY r(value, n));
END;
$$;
COMMENT ON FUNCTION async.parse_requests(JSONB) IS 'Engine: requests as a target reports them, as rows';

-- pgasync_server/every/parse_conninfo.sql
CREATE FUNCTION async.parse_conninfo(_conninfo TEXT, OUT n BIGINT, OUT keyword TEXT, OUT setting TEXT)
RETURNS SETOF RECORD LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The pairs of a libpq connection string, their values without quotes and escapes. One that is not well-formed gives a
 * last row without keyword, which says nothing of the text.
 *
 * _conninfo: such as host=a dbname='b c'.
 * Returns a row a pair, in order.
 */
WITH form AS
(
  SELECT $re$([^\s=]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)$re$ AS pair
)
SELECT m.n, m.part[1],
       regexp_replace(CASE WHEN left(m.part[2], 1) = chr(39) THEN substr(m.part[2], 2, length(m.part[2]) - 2) ELSE m.part[2] END,
                      '\\(.)', '\1', 'g')
FROM form f CROSS JOIN LATERAL regexp_matches(_conninfo, f.pair, 'g') WITH ORDINALITY m(part, n)
UNION ALL
SELECT length(_conninfo), NULL, NULL FROM form f WHERE regexp_replace(_conninfo, f.pair, '', 'g') ~ '\S'
ORDER BY 1;
$$;
COMMENT ON FUNCTION async.parse_conninfo(TEXT) IS 'Engine: the pairs of a libpq connection string';

-- pgasync_server/every/pass.sql
CREATE FUNCTION async.pass(_boundary TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For tests: a place of the loop at which a crash must do no harm. A session whose setting pgflow.stop_at names it
 * waits here while somebody else holds the advisory lock (1885759283, 0), and a test can see that it does. Without
 * the setting, which is read when a reign begins, the loop does not even call this.
 *
 * _boundary: what the place is called.
 * Takes a session-level advisory lock, and gives it back.
 */
#variable_conflict error
BEGIN
  IF current_setting('pgflow.stop_at', true) = _boundary THEN
    PERFORM pg_advisory_lock_shared(1885759283, 0);
    PERFORM pg_advisory_unlock_shared(1885759283, 0);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.pass(TEXT) IS 'Engine: a place of the loop at which tests may have it stop';

-- pgasync_server/every/pause.sql
CREATE FUNCTION async.pause() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The orchestrator starts nothing new until async.resume(); what runs goes on. Takes effect with the caller's
 * transaction.
 *
 * Writes async.control.
 */
#variable_conflict error
BEGIN
  UPDATE async.control SET paused = true, configuration_version = nextval('async.configuration_version');
END;
$$;
COMMENT ON FUNCTION async.pause() IS 'The orchestrator starts nothing new until async.resume(); what runs goes on';

-- pgasync_server/every/prepare_session.sql
CREATE FUNCTION async.prepare_session() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settings of the orchestrator's session, for as long as it lasts: every statement must see what is committed by
 * then, and plans are made once: their arrays are short or long, but what they look up by key is the same. Nothing is
 * compiled: settings of the cycle make estimated costs meaningless, and compiling would take longer than the cycle.
 */
#variable_conflict error
BEGIN
  PERFORM set_config('default_transaction_isolation', 'read committed', false);
  PERFORM set_config('jit', 'off', false);
  IF current_setting('server_version_num')::INT >= 120000 THEN
    -- lint: allow available_names: asked for where the server has it
    PERFORM set_config('plan_cache_mode', 'force_generic_plan', false);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.prepare_session() IS 'Engine: settings of the orchestrator''s session';

-- pgasync_server/every/probe.sql
CREATE FUNCTION async.probe(_target_id INT) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tries a connection. Runs in a helper session, which may wait as long as it takes while the orchestrator goes on.
 *
 * _target_id: where to. It looks up how by itself, so that no secret is part of a query that others may see.
 * Returns "version has_client cluster/database" of the target, such as "180004 t 7412…/16384".
 * Errors: those of the connection, and of async.resolve_connection().
 * Reads async.target.
 */
#variable_conflict error
DECLARE
  place TEXT;
  report TEXT;
BEGIN
  SELECT async.resolve_connection(t.connection_string) || ' connect_timeout=10 application_name=pgflow_probe' INTO place
  FROM async.target t WHERE t.target_id = _target_id;
  PERFORM async.dblink_connect('pgflow_probe', place);
  SELECT q.answer INTO report FROM async.dblink_query('pgflow_probe', $query$
    SELECT pg_catalog.format('%s %s %s/%s',
      pg_catalog.current_setting('server_version_num'),
      EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'pgasync'),
      (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c),
      (SELECT d.oid FROM pg_catalog.pg_database d
       WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()))
  $query$) q(answer);
  PERFORM async.dblink_disconnect('pgflow_probe');
  RETURN report;
END;
$$;
COMMENT ON FUNCTION async.probe(INT) IS 'Engine: tries a connection, in a helper session';

-- pgasync_server/every/put_back.sql
CREATE FUNCTION async.put_back(_lane_id BIGINT, _task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts tasks in front of those of their lane that never went, in the order given, and wakes the lane.
 *
 * _lane_id: the lane; _task_ids: the tasks.
 * Writes async.requeue.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.requeue(lane_id, seq, task_id)
  SELECT _lane_id, nextval('async.seq'), u.task_id
  FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n) ORDER BY u.n;
  PERFORM async.wake_lanes(ARRAY[_lane_id]);
END;
$$;
COMMENT ON FUNCTION async.put_back(BIGINT, BIGINT[]) IS 'Engine: puts tasks in front of their lane';

-- pgasync_server/every/put_off.sql
CREATE FUNCTION async.put_off(_task_ids BIGINT[], _duration INTERVAL) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts tasks that do not run back until later.
 *
 * _task_ids: the tasks; _duration: how long from now.
 * Writes async.delayed, and what async.forget_waiting() does.
 */
#variable_conflict error
BEGIN
  PERFORM async.forget_waiting(_task_ids);
  INSERT INTO async.delayed(due, task_id, lane_id)
  SELECT clock_timestamp() + greatest(_duration, '0'), t.task_id, t.lane_id
  FROM async.task t WHERE t.task_id = ANY(_task_ids) AND t.lane_id IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION async.put_off(BIGINT[], INTERVAL) IS 'Engine: puts tasks back until later';

-- pgasync_server/every/quote_conninfo_value.sql
CREATE FUNCTION async.quote_conninfo_value(_value TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Quotes a value for a libpq connection string.
 *
 * _value: the value.
 */
SELECT '''' || replace(replace(_value, '\', '\\'), '''', '\''') || '''';
$$;
COMMENT ON FUNCTION async.quote_conninfo_value(TEXT) IS 'Engine: quotes a value for a connection string';

-- pgasync_server/every/raise_configuration_error.sql
CREATE FUNCTION async.raise_configuration_error(
  _message TEXT,
  _problems TEXT[],
  _count BIGINT,
  _hint TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises the one error that says all that is wrong with a configuration.
 *
 * _message: primary message; _problems: the lines of its detail, null or none raises nothing; _count: how many
 * problems there are, those that are not among the lines too; _hint: what to do, or null.
 * Errors: PF006.
 */
#variable_conflict error
DECLARE
  detail TEXT := array_to_string(_problems, E'\n');
  more BIGINT := _count - cardinality(_problems);
BEGIN
  IF more > 0 THEN
    detail := format(E'%s\nand %s more', detail, more);
  END IF;

  IF cardinality(_problems) > 0 AND _hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'PF006', MESSAGE = _message, DETAIL = detail;
  ELSIF cardinality(_problems) > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'PF006', MESSAGE = _message, DETAIL = detail, HINT = _hint;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.raise_configuration_error(TEXT, TEXT[], BIGINT, TEXT) IS
  'Engine: raises PF006 with one line a problem';

-- pgasync_server/every/rank_lanes.sql
CREATE FUNCTION async.rank_lanes(_s async.loop_t)
RETURNS TABLE (n INT, lane_id BIGINT, target_id INT, pool_id INT, rivals BIGINT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lanes that may be served now, in the order in which they are: lower priority first, then those that have had least.
 * Those whose pool is full are left out: they would only take up room. Where several are equals each gets its share,
 * and in a second turn what the others have left of theirs, before anything of a lower priority gets it.
 *
 * _s: state of the orchestrator.
 * Returns n, an index into _s.lanes; rivals: how many of the same target and priority are still to be served, itself
 * included; in the second turn 1.
 * Reads async.concurrency_pool, and the setting pgflow.doomed.
 */
#variable_conflict error
DECLARE
  doomed BIGINT[] := string_to_array(coalesce(current_setting('pgflow.doomed', true), ''), ',')::BIGINT[];
  full_pools INT[] := ARRAY(
    SELECT p.pool_id
    FROM (SELECT b.pool_id, count(*) + coalesce(cardinality(array_positions(_s.held, b.pool_id)), 0) AS places
          FROM unnest(_s.slots) b WHERE b.state IN ('busy', 'ended', 'watched') GROUP BY b.pool_id) k
    JOIN async.concurrency_pool p ON p.pool_id = k.pool_id AND p.max_workers <= k.places);
BEGIN
  RETURN QUERY
  WITH ready AS
  (
    SELECT l.n, l.lane_id, l.target_id, l.pool_id, l.priority, l.served,
           count(*) OVER (PARTITION BY l.target_id, l.priority ORDER BY l.served DESC, l.lane_id DESC) AS rivals,
           count(*) OVER (PARTITION BY l.target_id, l.priority) AS equals
    FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.lanes) u) l
    JOIN unnest(_s.targets) t ON t.target_id = l.target_id AND t.state = 'up'
    WHERE NOT l.empty AND NOT l.outside AND NOT _s.paused AND NOT _s.stopping
      AND NOT l.pool_id = ANY(full_pools) AND NOT l.lane_id = ANY(doomed)
      AND EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.target_id = l.target_id AND x.state = 'idle')
    ORDER BY l.priority, l.served, l.lane_id
    LIMIT 64
  )
  SELECT r.n::INT, r.lane_id, r.target_id, r.pool_id, CASE turn.no WHEN 1 THEN r.rivals ELSE 1 END
  FROM ready r
  JOIN generate_series(1, 2) turn(no) ON turn.no = 1 OR r.equals > 1
  ORDER BY r.priority, turn.no, r.served, r.lane_id;
END;
$$;
COMMENT ON FUNCTION async.rank_lanes(async.loop_t) IS 'Engine: lanes that may be served, in order';

-- pgasync_server/every/rank_outside_lanes.sql
CREATE FUNCTION async.rank_outside_lanes(_s async.loop_t)
RETURNS TABLE (n INT, target_id INT, pool_id INT, priority INT, rivals BIGINT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lanes whose tasks may be offered to workers outside the database, in the order in which they are: lower priority first,
 * then those that have had least.
 *
 * _s: state of the orchestrator.
 * Returns n, an index into _s.lanes; rivals: how many of the same target and priority are still to be served, itself
 * included.
 * Reads async.target, and the setting pgflow.doomed.
 */
#variable_conflict error
DECLARE
  doomed BIGINT[] := string_to_array(coalesce(current_setting('pgflow.doomed', true), ''), ',')::BIGINT[];
BEGIN
  RETURN QUERY
  SELECT l.n::INT, l.target_id, l.pool_id, l.priority,
         count(*) OVER (PARTITION BY l.target_id, l.priority ORDER BY l.served DESC, l.lane_id DESC)
  FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.lanes) u) l
  JOIN async.target t ON t.target_id = l.target_id AND t.enabled
  WHERE l.outside AND NOT l.empty AND NOT _s.paused AND NOT _s.stopping AND NOT l.lane_id = ANY(doomed)
  ORDER BY l.priority, l.served, l.lane_id;
END;
$$;
COMMENT ON FUNCTION async.rank_outside_lanes(async.loop_t) IS
  'Engine: lanes whose tasks may be offered to workers outside the database, in order';

-- pgasync_server/every/read_answer.sql
CREATE FUNCTION async.read_answer(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes in a target's answer, if it has come: first the requests written there, then what became of its batches, so
 * that no task is resolved before what it asked for is known. One that takes more than 15 s counts as lost.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: 08006 when there is trouble with the connection.
 * Writes async.intake and what follows from the answer.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  reply JSONB := this_target.answer;
  passed BIGINT := this_target.intake_no;
BEGIN
  IF this_target.trouble IS NOT NULL THEN
    RAISE EXCEPTION '%', this_target.trouble USING ERRCODE = 'connection_failure';
  ELSIF reply IS NULL THEN
    IF clock_timestamp() > this_target.control_sent + INTERVAL '15 s' THEN
      RAISE EXCEPTION 'no answer for 15 s' USING ERRCODE = 'connection_failure';
    END IF;
    RETURN _s;
  END IF;
  this_target.answer := NULL;
  this_target.control_sent := NULL;
  this_target.probed := clock_timestamp();
  IF (reply->>'rotated')::BOOL THEN
    this_target.ring := 1 - this_target.ring;
    this_target.ring_tasks := 0;
    IF _s.in_test THEN
      PERFORM async.pass('rotated');
    END IF;
  ELSIF reply ? 'rotated' THEN
    this_target.ring_tasks := greatest(0, this_target.ring_tasks - 5000);  -- somebody has it open: later again
  END IF;
  IF NOT this_target.at_home THEN
    this_target.snapshot := reply->>'snapshot';
  END IF;
  IF (reply->>'trimmed')::BOOL THEN
    this_target.trimmed := this_target.in_flight->>'since';
  ELSIF reply ? 'trimmed' THEN
    this_target.next_trim := '-infinity';  -- there is more to remove
  END IF;
  IF reply ? 'errors' THEN
    PERFORM async.end_errands(this_target, reply->'errors');
  END IF;
  this_target.pause := CASE
    WHEN jsonb_typeof(reply->'requests') = 'array' THEN 0.05 ELSE least(1, this_target.pause * 1.3) END;
  IF jsonb_typeof(reply->'requests') = 'array' THEN
    INSERT INTO async.intake(target_id, snapshot) VALUES (this_target.target_id, this_target.snapshot::TXID_SNAPSHOT)
    RETURNING intake_no INTO this_target.intake_no;
    DELETE FROM async.intake i WHERE i.target_id = this_target.target_id AND i.intake_no = passed;
  END IF;
  targets[_target] := this_target;
  _s.targets := targets;
  IF jsonb_typeof(reply->'requests') = 'array' THEN
    _s := async.take_in(_s, async.parse_requests(reply->'requests'));
  END IF;
  RETURN async.apply_answer(_s, _target, reply);
END;
$$;
COMMENT ON FUNCTION async.read_answer(async.loop_t, INT) IS 'Engine: takes in the answer of a target';

-- pgasync_server/every/read_lane_head.sql
CREATE FUNCTION async.read_lane_head(_lane async.lane_state_t, _limit INT)
RETURNS SETOF async.head_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The first tasks of a lane, in order: those that go again, then those that never went.
 *
 * _lane: the lane; _limit: how many.
 * Reads async.requeue, async.task, async.doom.
 */
#variable_conflict error
DECLARE
  returned BIGINT := 0::BIGINT;
BEGIN
  IF _lane.requeued THEN
    RETURN QUERY
    SELECT q.task_id, NULL::BIGINT, q.seq, t.query, t.argument, false
    FROM async.requeue q JOIN async.task t ON t.task_id = q.task_id
    WHERE q.lane_id = _lane.lane_id AND q.seq > coalesce(_lane.again, 0)
    ORDER BY q.seq LIMIT _limit;
    GET DIAGNOSTICS returned = ROW_COUNT;
  END IF;
  RETURN QUERY
  SELECT t.task_id, t.seq, NULL::BIGINT, t.query, t.argument,
         (SELECT true FROM async.doom d WHERE d.task_id = t.task_id) IS NOT NULL
  FROM async.task t
  WHERE t.lane_id = _lane.lane_id AND t.seq > _lane.position
  ORDER BY t.seq LIMIT _limit - returned;
END;
$$;
COMMENT ON FUNCTION async.read_lane_head(async.lane_state_t, INT) IS 'Engine: the first tasks of a lane';

-- pgasync_server/every/read_log.sql
CREATE FUNCTION async.read_log(
  _since TIMESTAMPTZ,
  _grep TEXT,
  _shown TEXT[],
  OUT places TEXT[],
  OUT lines TEXT[]) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What async.tail() shows next.
 *
 * _since: from when on to look; _grep: as async.tail() got it; _shown: places that it has shown.
 * Returns the places of all entries since then, and the text of those that have not been shown.
 * Reads async.log_entry.
 */
SELECT coalesce(array_agg(e.ctid::TEXT), '{}'),
       coalesce(array_agg(concat_ws(' ', to_char(e.logged, 'YYYY-MM-DD HH24:MI:SS.MS TZ'), e.level, e.message) ORDER BY e.logged)
                  FILTER (WHERE NOT e.ctid::TEXT = ANY(_shown)), '{}')
FROM async.log_entry e
WHERE e.logged >= _since AND (_grep IS NULL OR concat_ws(' ', e.level, e.message) ~* _grep);
$$;
COMMENT ON FUNCTION async.read_log(TIMESTAMPTZ, TEXT, TEXT[]) IS 'Engine: what async.tail() shows next';

-- pgasync_server/every/reap.sql
CREATE FUNCTION async.reap(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Asks every slot with something under way, without waiting, whether that has ended, and reads it if so. A loop,
 * since dblink has no call for several connections.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    IF slots[i].state = 'busy' AND NOT async.is_busy(slots[i].connection) THEN
      slots[i] := async.collect_slot(slots[i]);
      _s.worked := true;
    ELSIF slots[i].state = 'opening' THEN
      slots[i] := async.finish_opening(slots[i]);
      _s.worked := _s.worked OR slots[i].state <> 'opening';
    END IF;
  END LOOP;
  IF _s.in_test AND _s.worked THEN
    PERFORM async.pass('reaped');
  END IF;
  _s.slots := CASE WHEN _s.worked THEN ARRAY(SELECT x FROM unnest(slots) x WHERE x.state <> 'closed') ELSE slots END;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.reap(async.loop_t) IS 'Engine: finds the messages that have ended';

-- pgasync_server/every/recall_state.sql
CREATE FUNCTION async.recall_state() RETURNS async.loop_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * State of this session's orchestrator in manual mode.
 *
 * Errors: PF005 when there is none.
 * Reads pg_temp.pgflow_state.
 */
#variable_conflict error
DECLARE
  s async.loop_t;
BEGIN
  IF to_regclass('pg_temp.pgflow_state') IS NULL THEN
    RAISE EXCEPTION 'no orchestrator in manual mode in this session' USING
      ERRCODE = 'PF005', HINT = 'CALL async.main(_manual_mode => true) first.';
  END IF;
  SELECT (p.state).* INTO s FROM pg_temp.pgflow_state p;
  RETURN s;
END;
$$;
COMMENT ON FUNCTION async.recall_state() IS 'Engine: state of an orchestrator in manual mode';

-- pgasync_server/every/record_tasks.sql
CREATE FUNCTION async.record_tasks(_request async.request) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records pushed tasks of run type DOA (as failed) or EMPTY (as finished) without running them.
 *
 * _request: of kind async.push.
 * Writes async.task, async.result.
 */
#variable_conflict error
DECLARE
  -- read once: the payload may be long, and is unpacked anew by each look into it
  is_doa BOOL := _request.payload->>'run_type' = 'DOA';
  origin TEXT := _request.payload->>'source';
  new_ids BIGINT[] := ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_request.payload->'task_ids') u);
BEGIN
  INSERT INTO async.task(task_id, owner_id, owner_item, query, source, task_data)
  SELECT i.task_id, 0, 0, i.item->>'query', origin, i.item->'task_data'
  FROM unnest(new_ids, _request.items) i(task_id, item);

  INSERT INTO async.result(task_id, status, ended, error)
  SELECT i.task_id, CASE WHEN is_doa THEN 'DOA' ELSE 'FINISHED' END, clock_timestamp(),
         CASE WHEN is_doa THEN 'dead on arrival' END
  FROM unnest(new_ids) i(task_id);
END;
$$;
COMMENT ON FUNCTION async.record_tasks(async.request) IS 'Engine: records tasks that never run';

-- pgasync_server/every/record_verdicts.sql
CREATE FUNCTION async.record_verdicts(_verdicts async.verdict_t[]) RETURNS async.result_t[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records what became of tasks that have run, or were taken back: all at once, whatever their number.
 *
 * _verdicts: a task once.
 * Returns the final results, of which the caller tells the owners.
 * Writes async.result, async.attempt, async.requeue, async.delayed, async.yielded, async.doom, async.early_finish.
 */
#variable_conflict error
DECLARE
  results async.result_t[];
  open BOOL;
  ailing BOOL;
  noted BOOL;
BEGIN
  SELECT bool_or(v.asynchronous OR v.answer IS NOT NULL), bool_or(v.outcome <> 'DONE'),
         bool_or(v.doom IS NOT NULL OR v.answer IS NOT NULL)
  INTO open, ailing, noted
  FROM unnest(_verdicts) v;
  IF open THEN
    PERFORM async.yield_or_defer(_verdicts);
  END IF;
  IF ailing THEN
    PERFORM async.try_again(_verdicts);
  END IF;
  results := ARRAY(SELECT r FROM async.derive_results(_verdicts) r);
  INSERT INTO async.result(task_id, status, started, ended, sqlstate, error)
  SELECT r.task_id, r.status, r.started, r.ended, r.sqlstate, r.error FROM unnest(results) r;
  IF noted THEN
    DELETE FROM async.doom d
    WHERE d.task_id = ANY(ARRAY(SELECT v.task_id FROM unnest(_verdicts) v WHERE v.doom IS NOT NULL));
    DELETE FROM async.early_finish e
    WHERE e.task_id = ANY(ARRAY(SELECT v.task_id FROM unnest(_verdicts) v WHERE v.answer IS NOT NULL));
  END IF;
  RETURN results;
END;
$$;
COMMENT ON FUNCTION async.record_verdicts(async.verdict_t[]) IS 'Engine: records what became of tasks';

-- pgasync_server/every/recover.sql
CREATE FUNCTION async.recover(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes up what an earlier orchestrator left: every batch that it had assigned is watched on its target until it is
 * known what became of it, and every open lane is looked at.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.batch, async.lane, async.doom, async.doomed_lane, async.open_lane.
 */
#variable_conflict error
DECLARE
  left_over RECORD;
  slot async.slot_t;
BEGIN
  -- a loop: a slot has more fields than one would name in a query
  FOR left_over IN
    SELECT b.*, l.raw, l.pool_id, l.timeout, row_number() OVER () AS n
    FROM async.batch b JOIN async.lane l ON l.lane_id = b.lane_id
  LOOP
    slot := async.make_idle_slot(
      -left_over.n::INT, left_over.target_id, NULL, left_over.pid, left_over.backend_start);
    slot.state := 'watched';
    slot.batch_id := left_over.batch_id;
    slot.epoch := left_over.epoch;
    slot.ring := left_over.ring;
    slot.lane_id := left_over.lane_id;
    slot.raw := left_over.raw;
    slot.pool_id := left_over.pool_id;
    slot.timeout := left_over.timeout;
    slot.task_ids := left_over.task_ids;
    slot.remaining := left_over.task_ids;
    slot.sent := left_over.assigned;
    slot.progress := left_over.assigned;
    slot.seen := left_over.assigned;
    slot.interrupted := EXISTS (SELECT FROM async.doom d WHERE d.task_id = ANY(left_over.task_ids));
    _s.slots := _s.slots || slot;
  END LOOP;
  PERFORM set_config('pgflow.doomed', coalesce((SELECT string_agg(d.lane_id::TEXT, ',') FROM async.doomed_lane d), ''), false);
  PERFORM async.wake_lanes(ARRAY(SELECT o.lane_id FROM async.open_lane o));
  RETURN async.load_configuration(_s);
END;
$$;
COMMENT ON FUNCTION async.recover(async.loop_t) IS 'Engine: takes up what an earlier orchestrator left';

-- pgasync_server/every/redeliver_results.sql
CREATE FUNCTION async.redeliver_results() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells extensions again of tasks whose end they could not take in, up to 100 at a time. From the sixth time on the
 * task has failed, with that reason, so that what waits for it does not wait for ever.
 *
 * Writes async.result, async.undelivered, and what async.deliver_results() does.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  results async.result_t[];
BEGIN
  IF NOT EXISTS (SELECT FROM async.undelivered) THEN
    RETURN;
  END IF;
  UPDATE async.result r SET status = 'FAILED', error = 'its end could not be taken in: ' || u.error
  FROM async.undelivered u
  WHERE u.failures > 5 AND u.due <= now AND r.task_id = u.task_id AND r.status <> 'FAILED';
  results := ARRAY(
    SELECT ROW(t.task_id, l.owner, t.owner_id, t.owner_item, l.owner_item <> 0, r.status, r.started, r.ended, r.sqlstate,
               r.error)::async.result_t
    FROM async.undelivered u
    JOIN async.result r ON r.task_id = u.task_id
    JOIN async.task t ON t.task_id = u.task_id
    JOIN async.lane l ON l.lane_id = t.lane_id
    WHERE u.due <= now
    ORDER BY u.due LIMIT 100);
  PERFORM async.deliver_results(results);
  DELETE FROM async.undelivered u USING unnest(results) r WHERE u.task_id = r.task_id AND u.due <= now;
END;
$$;
COMMENT ON FUNCTION async.redeliver_results() IS 'Engine: tells extensions again what they could not take in';

-- pgasync_server/every/refresh_target.sql
CREATE FUNCTION async.refresh_target(_target async.target, _old async.target_state_t)
RETURNS async.target_state_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A target as it is configured now, with what is known of its connections; one that is new has none.
 *
 * _target: its row; _old: its state so far, or null.
 * Reads async.intake.
 */
#variable_conflict error
DECLARE
  this_target async.target_state_t := _old;
BEGIN
  IF this_target.target_id IS NULL THEN
    this_target.target_id := _target.target_id;
    this_target.is_self := _target.connection_string IS NULL;  -- others without one are left out
    this_target.at_home := this_target.is_self;
    this_target.state := 'down';
    this_target.failures := 0;
    this_target.retry_at := '-infinity';
    this_target.next_exchange := '-infinity';
    this_target.next_trim := '-infinity';
    this_target.pause := 0.05;
    SELECT i.snapshot::TEXT, i.intake_no INTO this_target.snapshot, this_target.intake_no
    FROM async.intake i WHERE i.target_id = _target.target_id ORDER BY i.intake_no DESC LIMIT 1;
    this_target.ring := 0;
    this_target.ring_tasks := 0;
  END IF;
  this_target.target := _target.target;
  this_target.registered := this_target.registered
    AND this_target.connection_string = coalesce(_target.connection_string, async.build_self_conninfo());
  this_target.connection_string := coalesce(_target.connection_string, async.build_self_conninfo());
  this_target.max_concurrency := _target.max_concurrency;
  RETURN this_target;
END;
$$;
COMMENT ON FUNCTION async.refresh_target(async.target, async.target_state_t) IS
  'Engine: a target as it is configured now';

-- pgasync_server/every/refuse_slots.sql
CREATE FUNCTION async.refuse_slots(_s async.loop_t, _target INT, _reason TEXT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A target takes no more connections: goes on for 2 s with the slots that it has, or, where it has none, tries anew from the
 * start.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _reason: for the log.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  held INT := (SELECT count(*)::INT FROM unnest(_s.slots) x WHERE x.target_id = this_target.target_id);
BEGIN
  IF held = 0 THEN
    RETURN async.lose_target(_s, _target, _reason);
  END IF;
  IF this_target.full_until IS NULL OR this_target.full_until < clock_timestamp() - INTERVAL '1 minute' THEN
    PERFORM async.log('WARNING', format(
      'target %s takes no more than %s connections: %s', this_target.target, held, _reason));
  END IF;
  this_target.full_until := clock_timestamp() + INTERVAL '2 s';
  targets[_target] := this_target;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.refuse_slots(async.loop_t, INT, TEXT) IS 'Engine: a target takes no more connections';

-- pgasync_server/every/relax_commit.sql
CREATE FUNCTION async.relax_commit(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lets this cycle's commit return before it is on disk, when everything runs in this database: then a crash that
 * loses it loses nothing else, for whatever a callback made durable later implies it, being further down the same
 * log. With another server in play the commit must be there before anything is sent to it or removed from it; and so
 * must the work of tasks whose own commits did not wait, before they count as done, and what is announced.
 *
 * _s: state of the orchestrator.
 */
#variable_conflict error
BEGIN
  IF NOT _s.unflushed AND coalesce(current_setting('pgflow.announcements', true), '') = ''
     AND NOT EXISTS (SELECT FROM unnest(_s.targets) t WHERE NOT t.is_self AND t.state <> 'down')
  THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.relax_commit(async.loop_t) IS 'Engine: whether a cycle''s commit needs to be on disk at once';

-- pgasync_server/every/renew_tables.sql
CREATE FUNCTION async.renew_tables(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Empties tables that hold few rows, and from which this session has removed very many, and puts the few back. While a
 * transaction somewhere is open, VACUUM cannot clear removed rows away, and everybody who looks at what runs now would have
 * to pass over them. Waits for no lock: a table that somebody is looking at has its turn later.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads pg_stat_xact_user_tables; writes the rows of some tables anew, and locks these for the rest of the cycle.
 */
#variable_conflict error
DECLARE
  most_rows CONSTANT INT := 2000;
  worn RECORD;
  kept TEXT[];
BEGIN
  -- a loop: each table is locked by itself, or left alone
  FOR worn IN
    SELECT t.relid, t.schemaname, t.relname, t.n_tup_del + t.n_tup_upd AS removed
    FROM pg_stat_xact_user_tables t
    WHERE t.relid = ANY('{async.batch, async.doom, async.early_finish, async.requeue, async.delayed, async.yielded,
                          async.open_lane, async.doomed_lane}'::REGCLASS[])
      AND t.n_tup_del + t.n_tup_upd - coalesce((_s.renewed->>(t.relid::TEXT))::BIGINT, 0) > 10000
  LOOP
    BEGIN
      EXECUTE format('LOCK TABLE ONLY %I.%I IN ACCESS EXCLUSIVE MODE NOWAIT', worn.schemaname, worn.relname);
      EXECUTE format('SELECT array_agg(t.line) FROM (SELECT k::TEXT AS line FROM ONLY %I.%I k LIMIT $1) t',
                     worn.schemaname, worn.relname)
      INTO kept USING most_rows + 1;
      IF coalesce(cardinality(kept), 0) <= most_rows THEN
        EXECUTE format('TRUNCATE ONLY %I.%I', worn.schemaname, worn.relname);
        EXECUTE format('INSERT INTO %1$I.%2$I SELECT (u.line::%1$I.%2$I).* FROM unnest($1) u(line)',
                       worn.schemaname, worn.relname) USING kept;
      END IF;
      _s.renewed := _s.renewed || jsonb_build_object(worn.relid::TEXT, worn.removed);
    EXCEPTION WHEN lock_not_available THEN NULL;  -- later
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.renew_tables(async.loop_t) IS 'Engine: clears removed rows away that VACUUM cannot';

-- pgasync_server/every/repair.sql
CREATE FUNCTION async.repair(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings the state of a cycle that was undone in line with the connections that are left, for those are not undone:
 * slots and targets whose connection was closed meanwhile are lost.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  open TEXT[] := coalesce(async.dblink_connections(), '{}');
  slots async.slot_t[] := _s.slots;
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    IF slots[i].connection IS NOT NULL AND NOT slots[i].connection = ANY(open) THEN
      slots[i] := async.lose_slot(slots[i]);
    END IF;
  END LOOP;
  _s.slots := ARRAY(SELECT x FROM unnest(slots) x WHERE x.state <> 'closed');
  FOR i IN 1..coalesce(cardinality(_s.targets), 0) LOOP
    IF (_s.targets)[i].state = 'up' AND NOT 'pgflow_control_' || (_s.targets)[i].target_id = ANY(open)
       OR (_s.targets)[i].state = 'probing' AND NOT 'pgflow_helper_' || (_s.targets)[i].target_id = ANY(open) THEN
      _s := async.lose_target(_s, i, 'an error of the orchestrator');
    END IF;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.repair(async.loop_t) IS
  'Engine: brings the state of an undone cycle in line with the connections';

-- pgasync_server/every/replace_seed_row.sql
CREATE FUNCTION async.replace_seed_row() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lets a dump of the configuration be restored over the rows that CREATE EXTENSION has just made: the row that holds
 * the key of the new one goes first. Outside a restore no row is inserted under a key that exists, so nothing is ever
 * removed.
 *
 * Argument of the trigger: name of the key column.
 * Writes the table of the trigger, and async.concurrency_pool by cascade from async.target.
 */
#variable_conflict error
BEGIN
  EXECUTE format('DELETE FROM %I.%I t WHERE t.%I = ($1).%3$I', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0]) USING NEW;
  RETURN NEW;
END;
$$;
COMMENT ON FUNCTION async.replace_seed_row() IS 'Engine: makes room for a restored row of the configuration';

DROP TRIGGER IF EXISTS replace_seed_row ON async.control;
CREATE TRIGGER replace_seed_row BEFORE INSERT ON async.control
  FOR EACH ROW EXECUTE FUNCTION async.replace_seed_row('singleton');
COMMENT ON TRIGGER replace_seed_row ON async.control IS 'Engine: makes room for a restored row';

DROP TRIGGER IF EXISTS replace_seed_row ON async.target;
CREATE TRIGGER replace_seed_row BEFORE INSERT ON async.target
  FOR EACH ROW EXECUTE FUNCTION async.replace_seed_row('target_id');
COMMENT ON TRIGGER replace_seed_row ON async.target IS 'Engine: makes room for a restored row';

DROP TRIGGER IF EXISTS replace_seed_row ON async.concurrency_pool;
CREATE TRIGGER replace_seed_row BEFORE INSERT ON async.concurrency_pool
  FOR EACH ROW EXECUTE FUNCTION async.replace_seed_row('pool_id');
COMMENT ON TRIGGER replace_seed_row ON async.concurrency_pool IS 'Engine: makes room for a restored row';

-- pgasync_server/every/report_missing.sql
CREATE FUNCTION async.report_missing(_slots async.slot_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells the extension concerned of targets that turned out not to have what a first batch brings (PF014).
 *
 * _slots: with their batches.
 * Calls on_missing of async.task_kind, and writes what that does.
 */
#variable_conflict error
DECLARE
  missing RECORD;
BEGIN
  -- a call for each lane and target
  FOR missing IN
    SELECT DISTINCT k.on_missing, l.owner_id, x.target_id
    FROM unnest(_slots) x JOIN async.lane l ON l.lane_id = x.lane_id JOIN async.task_kind k ON k.kind = l.kind
    WHERE x.sqlstate = 'MISSING' AND k.on_missing IS NOT NULL
  LOOP
    EXECUTE format('SELECT %s($1, $2)', missing.on_missing::REGPROC) USING missing.owner_id, missing.target_id;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.report_missing(async.slot_t[]) IS 'Engine: tells an extension what a target does not have';

-- pgasync_server/every/resolve_connection.sql
CREATE FUNCTION async.resolve_connection(_connection_string TEXT) RETURNS TEXT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A connection string as libpq takes it. The name of a foreign server gives what its wrapper, it, and the user mapping of
 * this session's role say to libpq, a later one over an earlier one. Made anew for each connection, and kept nowhere: it
 * may hold the secret. dblink would take the name itself, but no settings of the engine's besides.
 *
 * _connection_string: as configured.
 * Errors: 42704 a foreign server that is not there or has no mapping for the role, 42501 one that the role may not use.
 * Reads pg_foreign_data_wrapper, pg_foreign_server, pg_user_mappings.
 */
#variable_conflict error
DECLARE
  foreign_server pg_foreign_server;
  mapping pg_user_mappings;
BEGIN
  IF async.is_conninfo(_connection_string) THEN
    RETURN _connection_string;
  END IF;
  SELECT s.* INTO foreign_server FROM pg_foreign_server s WHERE s.srvname = _connection_string;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'foreign server does not exist' USING ERRCODE = 'undefined_object';
  ELSIF NOT has_server_privilege(foreign_server.oid, 'USAGE') THEN
    RAISE EXCEPTION 'role "%" may not use foreign server "%"', current_user, _connection_string USING
      ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT m.* INTO mapping
  FROM pg_user_mappings m
  WHERE m.srvid = foreign_server.oid AND (m.usename = current_user OR m.umuser = 0)
  ORDER BY m.umuser DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'foreign server "%" has no user mapping for role "%"', _connection_string, current_user USING
      ERRCODE = 'undefined_object';
  END IF;
  RETURN (
    SELECT coalesce(string_agg(format('%s=%s', o.option_name, async.quote_conninfo_value(o.option_value)), ' ' ORDER BY p.n), '')
    FROM (SELECT 1, w.fdwoptions FROM pg_foreign_data_wrapper w WHERE w.oid = foreign_server.srvfdw
          UNION ALL SELECT 2, foreign_server.srvoptions
          UNION ALL SELECT 3, mapping.umoptions) p(n, options)
    CROSS JOIN LATERAL pg_options_to_table(p.options) o
    WHERE o.option_name = ANY(async.get_libpq_options()));
END;
$$;
COMMENT ON FUNCTION async.resolve_connection(TEXT) IS 'Engine: a connection string as libpq takes it';

-- pgasync_server/every/rest.sql
CREATE FUNCTION async.rest(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sleeps for busy_sleep, growing to idle_sleep with the time that nothing has happened. For the first 3 ms with but
 * one or two slots at work it does not: a short task ends sooner than the shortest sleep, and there are processors to
 * spare.
 *
 * _s: state of the orchestrator.
 * Reads async.control.
 */
#variable_conflict error
DECLARE
  quiet FLOAT8 := extract(epoch FROM clock_timestamp() - _s.idle_since)::FLOAT8;
BEGIN
  IF _s.in_test THEN
    PERFORM async.pass('resting');
  END IF;
  IF quiet < 0.003 AND (SELECT count(*) FROM unnest(_s.slots) x WHERE x.state = 'busy') BETWEEN 1 AND 2 THEN
    RETURN;
  END IF;
  PERFORM pg_sleep(
    (SELECT greatest(extract(epoch FROM c.busy_sleep), least(extract(epoch FROM c.idle_sleep), quiet / 1000))
     FROM async.control c));
END;
$$;
COMMENT ON FUNCTION async.rest(async.loop_t) IS 'Engine: sleeps as little as there is to do';

-- pgasync_server/every/restart_task.sql
CREATE FUNCTION async.restart_task(_task_id BIGINT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs a task that has ended again, however it ended, under the same task_id. How it ended before is kept as an attempt, and
 * it has all its retries again. Takes effect with the caller's transaction.
 *
 * _task_id: the task, one that async.push_tasks() queued.
 * Errors: PF004 unknown task; PF005 one that has not ended, was recorded and never meant to run, or belongs to a run.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('async.restart', jsonb_build_object('task_id', _task_id));
END;
$$;
COMMENT ON FUNCTION async.restart_task(BIGINT) IS 'Runs a task that has ended again';

-- pgasync_server/every/resume.sql
CREATE FUNCTION async.resume() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends async.pause(). Takes effect with the caller's transaction.
 *
 * Writes async.control.
 */
#variable_conflict error
BEGIN
  UPDATE async.control SET paused = false, configuration_version = nextval('async.configuration_version');
END;
$$;
COMMENT ON FUNCTION async.resume() IS 'Ends async.pause()';

-- pgasync_server/every/return_tasks.sql
CREATE FUNCTION async.return_tasks(_lane_id BIGINT, _task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings tasks back into their lane that were taken out of it. Those that it has not come to yet keep the place that they
 * had: they need only not be passed over any more. The others go before those that never went.
 *
 * _lane_id: the lane; _task_ids: the tasks, in order.
 * Writes async.doom, and what async.put_back() does.
 */
#variable_conflict error
DECLARE
  reached CONSTANT BIGINT := async.get_lane_position(_lane_id);
  in_place BIGINT[] := ARRAY(SELECT t.task_id FROM async.task t WHERE t.task_id = ANY(_task_ids) AND t.seq > reached);
BEGIN
  IF cardinality(in_place) > 0 THEN
    DELETE FROM async.doom d WHERE d.task_id = ANY(in_place);
  END IF;
  PERFORM async.put_back(_lane_id, ARRAY(
    SELECT u.task_id FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n) WHERE NOT u.task_id = ANY(in_place) ORDER BY u.n));
END;
$$;
COMMENT ON FUNCTION async.return_tasks(BIGINT, BIGINT[]) IS 'Engine: brings tasks back into their lane';

-- pgasync_server/every/run_cycle_hooks.sql
CREATE FUNCTION async.run_cycle_hooks(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives extensions their turn in the cycle. What fails is logged.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry, and what the hooks do.
 */
#variable_conflict error
DECLARE
  hook async.hook;
  more BOOL;
BEGIN
  -- a call for each owner
  FOR hook IN SELECT h.* FROM async.hook h WHERE h.on_cycle IS NOT NULL LOOP
    BEGIN
      EXECUTE format('SELECT %s()', hook.on_cycle::REGPROC) INTO more;
      _s.pending := _s.pending OR coalesce(more, false);
    EXCEPTION WHEN OTHERS THEN
      PERFORM async.log('ERROR', format('%s failed: %s', hook.on_cycle, SQLERRM));
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.run_cycle_hooks(async.loop_t) IS 'Engine: gives extensions their turn';

-- pgasync_server/every/seize_mutex.sql
CREATE FUNCTION async.seize_mutex(_mutex BIGINT, _force BOOL) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes the lock that lets one orchestrator run in this database.
 *
 * _mutex: key of the lock; _force: end the session that has it.
 * Returns whether it was had.
 * Errors: PF013 when one that was told to end has not after 10 s.
 * Takes a session-level advisory lock.
 */
#variable_conflict error
DECLARE
  deadline TIMESTAMPTZ := clock_timestamp() + INTERVAL '10 s';
BEGIN
  WHILE NOT pg_try_advisory_lock(_mutex) LOOP
    IF NOT _force THEN
      RETURN false;
    ELSIF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'the running orchestrator does not end' USING ERRCODE = 'PF013';
    END IF;
    PERFORM pg_terminate_backend(p.pid) FROM async.find_orchestrator_pid() p(pid);
    PERFORM pg_sleep(0.02);
  END LOOP;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION async.seize_mutex(BIGINT, BOOL) IS 'Engine: takes the lock of the orchestrator';

-- pgasync_server/every/send.sql
CREATE FUNCTION async.send(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sends the messages of batches whose assignment has been committed. A connection that refuses is lost; whether the
 * message arrived is then found out as for any other. A loop, since dblink has no call for several connections.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.query IS NULL;
    slot.sent := clock_timestamp();
    slot.progress := slot.sent;
    slot.seen := slot.sent;
    BEGIN
      -- lint: allow dynamic_sql: async.build_message() has made it
      IF async.dblink_send(slot.connection, slot.query) <> 1 THEN
        slot := async.lose_slot(slot);
      END IF;
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      slot := async.lose_slot(slot);
    END;
    slot.query := NULL;
    slots[i] := slot;
    IF _s.in_test THEN
      PERFORM async.pass(
        CASE WHEN EXISTS (SELECT FROM unnest(slots) x WHERE x.query IS NOT NULL) THEN 'sending' ELSE 'sent' END);
    END IF;
  END LOOP;
  _s.slots := slots;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.send(async.loop_t) IS 'Engine: sends the messages of committed batches';

-- pgasync_server/every/serve_workers.sql
CREATE FUNCTION async.serve_workers(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Offers waiting tasks to workers outside the database, and removes what is left of offers that could not be removed
 * when their tasks went elsewhere.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.offer, and what async.offer_tasks() and async.displace_offers() do; locks rows of async.offer FOR UPDATE
 * SKIP LOCKED.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.offer o
  WHERE o.offer_no = ANY(ARRAY(
    SELECT f.offer_no FROM async.offer f WHERE NOT async.is_offer_good(f.offer_no, f.task_id) FOR UPDATE SKIP LOCKED));
  _s := async.displace_offers(async.offer_tasks(_s));
  _s.worked := _s.worked
    OR EXISTS (SELECT FROM async.offer o WHERE NOT async.is_offer_good(o.offer_no, o.task_id));  -- looked at again soon
  _s.held := nullif(ARRAY(SELECT o.pool_id FROM async.offer o), '{}');
  _s.outside := _s.held IS NOT NULL OR EXISTS (SELECT FROM unnest(_s.lanes) l WHERE l.outside AND NOT l.empty);
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.serve_workers(async.loop_t) IS 'Engine: offers tasks to workers outside the database';

-- pgasync_server/every/settle_batches.sql
CREATE FUNCTION async.settle_batches(
  _s async.loop_t,
  _batch_ids BIGINT[],
  _receipts async.receipt_t[]) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settles batches that have ended: records what became of their tasks, frees the slots, and tells the owners. All at
 * once, whatever their number.
 *
 * _s: state of the orchestrator, returned as it is then; _batch_ids: the batches; _receipts: all that there are of
 * them, and maybe of others.
 * Writes async.batch, and what async.record_verdicts() and the owners do.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := ARRAY(SELECT x FROM unnest(_s.slots) x WHERE x.batch_id = ANY(_batch_ids));
  verdicts async.verdict_t[];
  results async.result_t[];
BEGIN
  IF cardinality(slots) = 0 THEN
    RETURN _s;
  END IF;
  verdicts := ARRAY(SELECT v FROM async.judge_batches(slots, _receipts) v);
  results := async.record_verdicts(verdicts);
  DELETE FROM async.batch b WHERE b.batch_id = ANY(_batch_ids);
  IF EXISTS (SELECT FROM unnest(slots) x WHERE x.sqlstate = 'MISSING') THEN
    PERFORM async.report_missing(slots);
  END IF;
  _s := async.free_slots(_s, _batch_ids, verdicts);
  PERFORM async.deliver_results(results);
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.settle_batches(async.loop_t, BIGINT[], async.receipt_t[]) IS
  'Engine: settles batches that have ended';

-- pgasync_server/every/settle_local_batches.sql
CREATE FUNCTION async.settle_local_batches(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settles batches that have ended and whose receipts are at hand: those that ran in this database, and raw ones,
 * which have none; of a target without our client nothing can be learned about a session that was lost. Locks no
 * receipt table but those of these batches: this cycle may just have asked for the other one to be emptied.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.receipt_0 and async.receipt_1; writes what async.settle_batches() does.
 */
#variable_conflict error
DECLARE
  epochs BIGINT[];
  batch_ids BIGINT[];
  rings INT[];
  receipts async.receipt_t[];
BEGIN
  SELECT array_agg(x.epoch), array_agg(x.batch_id), array_agg(x.ring) INTO epochs, batch_ids, rings
  FROM unnest(_s.slots) x JOIN unnest(_s.targets) t ON t.target_id = x.target_id
  WHERE x.state = 'ended' AND NOT x.revoking AND (t.is_self OR x.raw)
     OR x.state = 'watched' AND t.state = 'up' AND NOT t.has_client;
  IF batch_ids IS NULL THEN
    RETURN _s;
  END IF;
  receipts := ARRAY(SELECT r::async.receipt_t FROM async.find_receipts(_s.server, epochs, batch_ids, rings) r);
  RETURN async.settle_batches(_s, batch_ids, receipts);
END;
$$;
COMMENT ON FUNCTION async.settle_local_batches(async.loop_t) IS 'Engine: settles batches that ended in this database';

-- pgasync_server/every/settle_offers.sql
CREATE FUNCTION async.settle_offers(_task_ids BIGINT[], _status TEXT, _message TEXT) RETURNS BIGINT[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends the attempts of tasks that workers outside the database have, and tells the owners of those that have ended. As
 * with any other task, one that has failed or timed out may have retries left; a
 * failure counts as raised by the user (P0001).
 *
 * _task_ids: tasks, of which those count that have been taken; _status, _message: how they end, and why.
 * Returns the other ones.
 * Writes async.offer, what async.record_verdicts() and the owners do.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  verdicts async.verdict_t[] := ARRAY(
    SELECT DISTINCT ON (o.task_id) jsonb_populate_record(NULL::async.verdict_t, jsonb_build_object(
      'task_id', o.task_id, 'lane_id', o.lane_id, 'n', o.offer_no, 'started', o.taken, 'ended', now,
      'outcome', CASE _status WHEN 'FINISHED' THEN 'DONE' WHEN 'FAILED' THEN 'ERROR' ELSE _status END,
      'sqlstate', CASE _status WHEN 'FAILED' THEN 'P0001' END, 'error', _message,
      'asynchronous', false, 'owner', l.owner, 'owner_id', l.owner_id, 'owner_item', l.owner_item))
    FROM async.offer o JOIN async.lane l ON l.lane_id = o.lane_id
    WHERE o.task_id = ANY(_task_ids) AND o.taken IS NOT NULL
    ORDER BY o.task_id, o.offer_no DESC);
  held BIGINT[] := ARRAY(SELECT v.task_id FROM unnest(verdicts) v);
BEGIN
  IF cardinality(held) > 0 THEN
    PERFORM async.withdraw_offers(held);
    PERFORM async.deliver_results(async.record_verdicts(verdicts));
  END IF;
  RETURN ARRAY(SELECT u FROM unnest(_task_ids) u WHERE NOT u = ANY(held));
END;
$$;
COMMENT ON FUNCTION async.settle_offers(BIGINT[], TEXT, TEXT) IS
  'Engine: ends the attempts of workers outside the database';

-- pgasync_server/every/settle_parts.sql
CREATE FUNCTION async.settle_parts(_s async.loop_t, _receipts async.receipt_t[], _settled BIGINT[])
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settles what is known already of batches that still run: tasks with a receipt have ended; those that were taken
 * back go to others, or end as they are doomed to, but for one that may still be running. The batch keeps the rest.
 *
 * _s: state of the orchestrator, returned as it is then; _receipts: just read, of any batches; _settled: batches to
 * leave alone, since they have ended.
 * Writes async.batch, and what async.record_verdicts() and the owners do.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
  part async.slot_t;
  parts async.slot_t[] := '{}'::async.slot_t[];
  verdicts async.verdict_t[];
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.state <> 'busy' OR slot.batch_id = ANY(_settled);
    part := slot;
    part.task_ids := ARRAY(
      SELECT u.task_id
      FROM unnest(slot.task_ids) WITH ORDINALITY u(task_id, n)
      JOIN unnest(_receipts) r ON r.batch_id = slot.batch_id AND r.task_id = u.task_id
      WHERE r.ended IS NOT NULL OR NOT slot.interrupted
         OR (SELECT true FROM async.doom d WHERE d.task_id = u.task_id) IS NULL
      ORDER BY u.n);
    CONTINUE WHEN cardinality(part.task_ids) = 0;
    part.state := 'ended';
    parts := parts || part;
    slot.task_ids := ARRAY(SELECT u FROM unnest(slot.task_ids) u WHERE NOT u = ANY(part.task_ids));
    slots[i] := slot;
    UPDATE async.batch b SET task_ids = slot.task_ids WHERE b.batch_id = slot.batch_id;
  END LOOP;
  IF cardinality(parts) > 0 THEN
    _s.slots := slots;
    _s.worked := true;
    verdicts := ARRAY(SELECT v FROM async.judge_batches(parts, _receipts) v);
    PERFORM async.deliver_results(async.record_verdicts(verdicts));
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.settle_parts(async.loop_t, async.receipt_t[], BIGINT[]) IS
  'Engine: settles what is known already of batches that still run';

-- pgasync_server/every/shorten_error.sql
CREATE FUNCTION async.shorten_error(_sqlstate TEXT, _message TEXT) RETURNS TEXT
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * An error as it is kept: at most 8,000 characters of its message. One from a database of another encoding, or of
 * none, may hold bytes that are no text here: those beyond ASCII are then written in octal.
 *
 * _sqlstate, _message: the error; where it has no message the SQLSTATE stands for it.
 */
#variable_conflict error
BEGIN
  PERFORM convert_to(_message, getdatabaseencoding());
  RETURN left(coalesce(nullif(_message, ''), 'error ' || _sqlstate), 8000);
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
  RETURN left(encode(textsend(_message), 'escape'), 8000);
END;
$$;
COMMENT ON FUNCTION async.shorten_error(TEXT, TEXT) IS 'Engine: an error as it is kept';

-- pgasync_server/every/start_watchdog.sql
CREATE FUNCTION async.start_watchdog(_seconds FLOAT8) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has another session of this server cancel what this one does after a time, unless async.stop_watchdog() comes
 * first.
 *
 * _seconds: the time.
 * Errors: those of the connection.
 */
#variable_conflict error
BEGIN
  IF NOT 'pgflow_watchdog' = ANY(coalesce(async.dblink_connections(), '{}')) THEN
    PERFORM async.dblink_connect(
      'pgflow_watchdog', async.build_conninfo(async.build_self_conninfo(), NULL, 'pgflow watchdog', true));
  END IF;
  PERFORM async.dblink_send('pgflow_watchdog', format(
    'SELECT pg_catalog.pg_cancel_backend(%L) FROM (SELECT pg_catalog.pg_sleep(%L) OFFSET 0) s',
    pg_backend_pid(), _seconds));
END;
$$;
COMMENT ON FUNCTION async.start_watchdog(FLOAT8) IS
  'Engine: has another session cancel what this one does after a time';

-- pgasync_server/every/stop.sql
CREATE FUNCTION async.stop() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends the orchestrator that runs now, once the caller commits. What its tasks are doing goes on and counts: the next
 * orchestrator finds it.
 *
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('async.stop', '{}');
END;
$$;
COMMENT ON FUNCTION async.stop() IS 'Ends the orchestrator cleanly';

-- pgasync_server/every/stop_watchdog.sql
CREATE FUNCTION async.stop_watchdog() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends the watch: cancels the session that keeps it, again and again, since a session that has not begun its query yet
 * takes no notice of a cancel. One of its own that was just on its way arrives here before its answer, and is
 * swallowed; so is the error that the answer is.
 */
#variable_conflict error
DECLARE
  is_over BOOL := false;
BEGIN
  WHILE NOT is_over LOOP
    BEGIN
      PERFORM pg_cancel_backend(a.pid) FROM pg_stat_get_activity(NULL) a WHERE a.application_name = 'pgflow watchdog'
        AND a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
      PERFORM pg_sleep(0.0002);
      is_over := NOT async.is_busy('pgflow_watchdog');
    EXCEPTION
      WHEN query_canceled THEN NULL;
      WHEN OTHERS THEN is_over := true;
    END;
  END LOOP;
  FOR i IN 1..3 LOOP
    BEGIN
      PERFORM FROM async.dblink_result('pgflow_watchdog');
      PERFORM pg_sleep(0);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      NULL;
    END;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.stop_watchdog() IS 'Engine: ends the watch';

-- pgasync_server/every/tail.sql
CREATE PROCEDURE async.tail(_grep TEXT DEFAULT NULL) LANGUAGE plpgsql AS
$$
/*
 * Follows the log, as tail -f does, until it is canceled: the last ten entries, then each new one, as notices. An entry
 * whose transaction took longer than a minute to commit is passed over.
 *
 * _grep: only those whose level and message match this regular expression, whatever their case; null: all.
 * Reads async.log_entry.
 */
#variable_conflict error
DECLARE
  since pg_catalog.TIMESTAMPTZ := async.find_tail(_grep, 10);
  places pg_catalog.TEXT[] := '{}'::pg_catalog.TEXT[];
  lines pg_catalog.TEXT[] := '{}'::pg_catalog.TEXT[];
BEGIN
  LOOP
    SELECT r.places, r.lines INTO places, lines FROM async.read_log(since, _grep, places) r;
    FOR i IN 1..pg_catalog.cardinality(lines) LOOP
      RAISE NOTICE '%', lines[i];
    END LOOP;
    since := async.move_tail(since);
    COMMIT;
    PERFORM pg_catalog.pg_sleep(0.2);
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE async.tail(TEXT) IS 'Follows the log';

-- pgasync_server/every/take_alike.sql
CREATE FUNCTION async.take_alike(_lane async.lane_state_t, _call TEXT, _limit INT, _parts INT)
RETURNS SETOF async.part_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tasks from the head of a lane whose tasks all call the same thing, shared out evenly.
 *
 * _lane: the lane; _call: what they call; _limit: most tasks; _parts: most messages.
 * Returns a row a message.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  WITH head AS
  (
    SELECT h.*, row_number() OVER () - 1 AS n, count(*) OVER () AS members FROM async.read_lane_head(_lane, _limit) h
  )
  SELECT _call, array_agg(h.task_id ORDER BY h.n) FILTER (WHERE NOT h.doomed), NULL::TEXT[],
         array_agg(h.argument ORDER BY h.n) FILTER (WHERE NOT h.doomed), max(h.seq),
         array_agg(h.again) FILTER (WHERE h.again IS NOT NULL), array_agg(h.task_id) FILTER (WHERE h.doomed)
  FROM head h
  GROUP BY h.n / ((h.members + _parts - 1) / _parts);
END;
$$;
COMMENT ON FUNCTION async.take_alike(async.lane_state_t, TEXT, INT, INT) IS
  'Engine: tasks of a lane that all call the same';

-- pgasync_server/every/take_epoch.sql
CREATE FUNCTION async.take_epoch(_s async.loop_t, _above BIGINT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives the orchestrator an epoch greater than any that this server has had.
 *
 * _s: state of the orchestrator, returned as it is then; _above: it must be greater than this one too.
 * Writes async.epoch.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.epoch(epoch, token, pid)
  SELECT greatest(coalesce(max(e.epoch), 0), _above) + 1, _s.token, pg_backend_pid() FROM async.epoch e
  RETURNING epoch INTO _s.epoch;
  DELETE FROM async.epoch e WHERE e.epoch < _s.epoch - 100;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_epoch(async.loop_t, BIGINT) IS 'Engine: gives the orchestrator a new epoch';

-- pgasync_server/every/take_in.sql
CREATE FUNCTION async.take_in(_s async.loop_t, _requests async.request[]) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Carries out requests: those of extensions through their hooks, then those of the engine one by one. A request that
 * fails is logged and dropped, and touches no other, unless nobody is to blame: then all of them are taken in again.
 *
 * _s: state of the orchestrator, returned as it is then; _requests: in their order.
 * Errors: those of a request that async.is_passing() knows.
 * Writes async.log_entry, and what they ask for.
 */
#variable_conflict error
DECLARE
  request async.request;
BEGIN
  IF cardinality(_requests) > 0 THEN
    _s.worked := true;
    PERFORM async.deliver_requests(_requests);
    FOREACH request IN ARRAY _requests LOOP
      CONTINUE WHEN request.kind NOT LIKE 'async.%';
      BEGIN
        CASE request.kind
          WHEN 'async.push' THEN PERFORM async.take_in_push(request);
          WHEN 'async.finish' THEN _s := async.take_in_finish(_s, request.payload);
          WHEN 'async.restart' THEN PERFORM async.take_in_restart(request.payload);
          WHEN 'async.interrupt' THEN _s := async.interrupt_owned(_s, request.payload);
          WHEN 'async.stop' THEN _s.stopping := _s.stopping OR request.requested > _s.started;
          ELSE PERFORM async.log('WARNING', format('unknown request %s', request.kind));
        END CASE;
      EXCEPTION WHEN OTHERS THEN
        IF async.is_passing(SQLSTATE) THEN
          RAISE;
        END IF;
        PERFORM async.log('ERROR', format('request %s %s failed: %s', request.kind, request.payload, SQLERRM));
      END;
    END LOOP;
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_in(async.loop_t, async.request[]) IS 'Engine: carries out requests';

-- pgasync_server/every/take_in_finish.sql
CREATE FUNCTION async.take_in_finish(_s async.loop_t, _payload JSONB) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Resolves tasks by an answer from outside. Yielded and waiting ones end now; running ones are interrupted when the
 * answer is CANCELED, otherwise it waits for their end. Finished ones are left alone.
 *
 * _s: state of the orchestrator, returned as it is then; _payload: that of a request async.finish.
 * Writes async.result, async.delayed, async.doom, async.early_finish, async.offer.
 */
#variable_conflict error
DECLARE
  asked BIGINT[] := ARRAY(SELECT DISTINCT t.value::BIGINT FROM jsonb_array_elements_text(_payload->'task_ids') t);
  running BIGINT[];
  settled BIGINT[];
BEGIN
  asked := ARRAY(
    SELECT t.task_id FROM async.task t
    WHERE t.task_id = ANY(asked) AND NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id));
  running := ARRAY(
    SELECT u FROM unnest(_s.slots) x CROSS JOIN LATERAL unnest(x.task_ids) u WHERE x.batch_id IS NOT NULL AND u = ANY(asked));
  settled := ARRAY(SELECT u FROM unnest(asked) u WHERE NOT u = ANY(running));

  IF _payload->>'status' = 'CANCELED' THEN
    _s := async.interrupt(_s, running, 'CANCELED', _payload->>'message');
  ELSE
    INSERT INTO async.early_finish(task_id, status, message, duration)
    SELECT u, _payload->>'status', _payload->>'message', (_payload->>'duration')::INTERVAL FROM unnest(running) u
    ON CONFLICT DO NOTHING;
  END IF;

  IF _s.outside AND _payload->>'status' <> 'DEFERRED' THEN
    settled := async.settle_offers(settled, _payload->>'status', _payload->>'message');
  END IF;
  IF _payload->>'status' = 'DEFERRED' THEN
    PERFORM async.put_off(settled, coalesce((_payload->>'duration')::INTERVAL, '1 s'));
  ELSE
    PERFORM async.end_waiting_tasks(settled, _payload->>'status', _payload->>'message');
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_in_finish(async.loop_t, JSONB) IS 'Engine: resolves tasks by an answer from outside';

-- pgasync_server/every/take_in_local.sql
CREATE FUNCTION async.take_in_local(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes in the requests written in this database since the last time, whose snapshot is kept with what followed from
 * them. To be called before this transaction writes anything: a snapshot does not tell its own transaction from
 * finished ones, so that what the orchestrator itself asks for later in the cycle would be passed over.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Errors: 25001 when it has written.
 * Writes async.intake and what they ask for.
 */
#variable_conflict error
DECLARE
  latest TXID_SNAPSHOT;
  latest_no BIGINT;
  requests async.request[];
BEGIN
  IF txid_current_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'requests must be taken in first' USING ERRCODE = 'active_sql_transaction';
  END IF;
  SELECT txid_current_snapshot(), array_agg(r) INTO latest, requests FROM async.find_new_requests(_s.snapshot) r;
  IF requests IS NOT NULL THEN
    INSERT INTO async.intake(target_id, snapshot) VALUES (0, latest) RETURNING intake_no INTO latest_no;
    DELETE FROM async.intake i WHERE i.target_id = 0 AND i.intake_no = _s.intake_no;
    _s.intake_no := latest_no;
    _s := async.take_in(_s, requests);
  END IF;
  _s.snapshot := latest;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_in_local(async.loop_t) IS 'Engine: takes in requests of this database';

-- pgasync_server/every/take_in_push.sql
CREATE FUNCTION async.take_in_push(_request async.request) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Queues what async.push_tasks() asked for: a lane for each kind of task among them, then all tasks at once. Their ids were
 * given out when they were asked for, so async.forget_old() has to hear of the lowest: the setting pgflow.lowest_task.
 *
 * _request: of kind async.push.
 * Writes async.lane, async.open_lane, async.concurrency_pool, async.task, and async.result for tasks that never run.
 */
#variable_conflict error
DECLARE
  -- read once: the payload may be long, and is unpacked anew by each look into it
  run_type TEXT := _request.payload->>'run_type';
  origin TEXT := _request.payload->>'source';
  new_ids BIGINT[] := ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_request.payload->'task_ids') u);
  share RECORD;
  wanted async.lane;
BEGIN
  PERFORM set_config('pgflow.lowest_task', least(
    nullif(current_setting('pgflow.lowest_task', true), '')::BIGINT, (SELECT min(u) FROM unnest(new_ids) u))::TEXT, false);
  IF run_type IN ('DOA', 'EMPTY') THEN
    PERFORM async.record_tasks(_request);
    RETURN;
  END IF;
  -- a loop: as many rounds as there are lanes, mostly one
  FOR share IN
    SELECT p.target, p.priority, p.concurrency_pool, p.manual_timeout, coalesce(p.raw, false) AS raw,
           p.query IS NULL AS outside,
           array_agg(i.task_id ORDER BY i.n) AS task_ids, array_agg(p.query ORDER BY i.n) AS queries,
           array_agg(p.task_data ORDER BY i.n) AS task_data
    FROM unnest(new_ids, _request.items) WITH ORDINALITY i(task_id, item, n)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::async.task_push_t, i.item) p
    GROUP BY 1, 2, 3, 4, 5, 6
  LOOP
    SELECT t.target_id, async.ensure_pool(share.concurrency_pool, t.target_id), coalesce(share.priority, 0),
           'async', 0::BIGINT, 0, 'query', coalesce(share.manual_timeout, t.default_timeout, c.default_timeout),
           t.asynchronous_finish AND run_type <> 'EXECUTE_NOASYNC', share.raw, share.outside
    INTO wanted.target_id, wanted.pool_id, wanted.priority, wanted.owner, wanted.owner_id, wanted.owner_item,
         wanted.kind, wanted.timeout, wanted.asynchronous, wanted.raw, wanted.outside
    FROM async.target t CROSS JOIN async.control c WHERE t.target = share.target;

    INSERT INTO async.task(task_id, lane_id, seq, owner_id, owner_item, query, source, task_data)
    SELECT i.task_id, l.lane_id, nextval('async.seq'), 0, 0, i.query, origin, i.task_data
    FROM (SELECT async.ensure_lane(wanted) AS lane_id) l
    CROSS JOIN unnest(share.task_ids, share.queries, share.task_data) WITH ORDINALITY i(task_id, query, task_data, n)
    ORDER BY i.n;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.take_in_push(async.request) IS 'Engine: queues pushed tasks';

-- pgasync_server/every/take_in_restart.sql
CREATE FUNCTION async.take_in_restart(_payload JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has a task that has ended run again: its result becomes an attempt, and it waits as a task that is put back does. Each
 * batch has a number of its own, so that no earlier receipt can be taken for that of the next attempt.
 *
 * _payload: that of a request async.restart.
 * Errors: those of async.check_restart(), where two have asked for the same, say.
 * Writes async.attempt, async.result, async.open_lane, and what async.return_tasks() does.
 */
#variable_conflict error
DECLARE
  restarted_id BIGINT := (_payload->>'task_id')::BIGINT;
  restarted_lane BIGINT := (SELECT t.lane_id FROM async.task t WHERE t.task_id = restarted_id);
BEGIN
  PERFORM async.check_restart(_payload);
  WITH ended AS
  (
    DELETE FROM async.result r WHERE r.task_id = restarted_id RETURNING r.*
  )
  INSERT INTO async.attempt(task_id, attempt, status, started, ended, sqlstate, error, counted)
  SELECT e.task_id, n.attempts + 1, e.status, e.started, e.ended, e.sqlstate, e.error, false
  FROM ended e CROSS JOIN LATERAL async.count_attempts(e.task_id) n;
  UPDATE async.attempt a SET past = true WHERE a.task_id = restarted_id;
  INSERT INTO async.open_lane(lane_id) VALUES (restarted_lane) ON CONFLICT DO NOTHING;
  PERFORM async.return_tasks(restarted_lane, ARRAY[restarted_id]);
END;
$$;
COMMENT ON FUNCTION async.take_in_restart(JSONB) IS 'Engine: has a task that has ended run again';

-- pgasync_server/every/take_mixed.sql
CREATE FUNCTION async.take_mixed(_lane async.lane_state_t, _row async.lane, _limit INT, _parts INT)
RETURNS SETOF async.part_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tasks from the head of a lane whose tasks call different things. Those that may share a message: all that call the
 * same routine, all that push the same CALL, all that are merely executed; a raw one has its own. Takes up to the
 * first task that would need more messages than there may be, and shares each group out evenly over as many as there
 * are for it.
 *
 * _lane: the lane; _row: the same as configured; _limit: most tasks; _parts: most messages.
 * Returns a row a message.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  WITH head AS
  (
    SELECT h.*, row_number() OVER () AS n,
           CASE WHEN _row.raw THEN h.task_id::TEXT
                WHEN _row.kind <> 'query' OR h.query ~* '^\s*CALL\s' THEN h.query END AS sole
    FROM async.read_lane_head(_lane, _limit) h
  ), first AS
  (
    SELECT h.*, min(h.n) OVER (PARTITION BY h.sole) = h.n AS is_first FROM head h
  ), numbered AS
  (
    SELECT f.*, sum(f.is_first::INT) OVER (ORDER BY f.n) AS groups FROM first f
  ), chosen AS
  (
    SELECT c.*, row_number() OVER (PARTITION BY c.sole ORDER BY c.n) - 1 AS rank,
           count(*) OVER (PARTITION BY c.sole) AS members,
           greatest(1, _parts / max(c.groups) OVER ()) AS pieces
    FROM numbered c
    WHERE c.groups <= _parts
  )
  SELECT c.sole, array_agg(c.task_id ORDER BY c.n) FILTER (WHERE NOT c.doomed),
         array_agg(c.query ORDER BY c.n) FILTER (WHERE NOT c.doomed),
         array_agg(c.argument ORDER BY c.n) FILTER (WHERE NOT c.doomed), max(c.seq),
         array_agg(c.again) FILTER (WHERE c.again IS NOT NULL), array_agg(c.task_id) FILTER (WHERE c.doomed)
  FROM chosen c
  GROUP BY c.sole, c.rank / ((c.members + c.pieces - 1) / c.pieces)
  ORDER BY min(c.n);
END;
$$;
COMMENT ON FUNCTION async.take_mixed(async.lane_state_t, async.lane, INT, INT) IS
  'Engine: tasks of a lane that call different things';

-- pgasync_server/every/take_offers.sql
CREATE FUNCTION async.take_offers(
  _target TEXT,
  _limit INT,
  _timeout INTERVAL,
  OUT task_id BIGINT,
  OUT priority INT,
  OUT times_up TIMESTAMPTZ,
  OUT task_data JSONB) RETURNS SETOF RECORD LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The server's part of async.get_tasks(): takes what is offered now. Those that another transaction is just taking are
 * passed over, so that nobody waits.
 *
 * _target, _limit, _timeout: as async.get_tasks() got them.
 * Errors: PF007 unknown target, 22023 a limit or time that is not positive.
 * Writes async.offer; locks its rows FOR UPDATE SKIP LOCKED.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT FROM async.target t WHERE t.target = _target) THEN
    RAISE EXCEPTION 'unknown target: %', coalesce(quote_ident(_target), 'null') USING ERRCODE = 'PF007';
  ELSIF _limit IS NULL OR _limit < 1 OR _timeout <= '0' THEN
    RAISE EXCEPTION 'a limit and a time must be more than zero' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
  WITH chosen AS
  (
    SELECT o.offer_no
    FROM async.offer o
    WHERE o.target_id = (SELECT t.target_id FROM async.target t WHERE t.target = _target AND t.enabled)
      AND o.taken IS NULL AND o.times_up > now AND async.is_offer_good(o.offer_no, o.task_id)
      AND NOT (SELECT c.paused FROM async.control c)
    ORDER BY o.priority, o.offer_no
    LIMIT _limit
    FOR UPDATE SKIP LOCKED
  ), mine AS
  (
    UPDATE async.offer o
    SET taken = now, worker = current_setting('application_name'),
        ends = coalesce(o.ends, now + o.timeout, 'infinity'),
        times_up = least(coalesce(o.ends, now + o.timeout, 'infinity'), now + _timeout)
    WHERE o.offer_no = ANY(ARRAY(SELECT c.offer_no FROM chosen c))
    RETURNING o.*
  )
  SELECT m.task_id, m.priority, m.times_up, m.task_data FROM mine m ORDER BY m.priority, m.offer_no;
END;
$$;
COMMENT ON FUNCTION async.take_offers(TEXT, INT, INTERVAL) IS 'Engine: takes tasks that are offered now';

-- pgasync_server/every/take_up_woken_lanes.sql
CREATE FUNCTION async.take_up_woken_lanes(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings lanes that async.wake_lanes() named, since it was last asked, to the orchestrator's mind.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.lane, async.lane_position.
 */
#variable_conflict error
DECLARE
  named BIGINT[] := string_to_array(nullif(current_setting('pgflow.woken', true), ''), ',')::BIGINT[];
BEGIN
  IF named IS NOT NULL THEN
    PERFORM set_config('pgflow.woken', '', false);
    _s.lanes := ARRAY(
      SELECT ROW(w.lane_id, l.target_id, l.pool_id, l.priority,
                 coalesce(o.position, async.get_lane_position(w.lane_id)),
                 CASE WHEN o.empty IS NOT false THEN coalesce(
                   (SELECT min(p.served) FROM unnest(_s.lanes) p WHERE NOT p.empty AND p.priority = l.priority), 0)
                 ELSE o.served END,
                 o.work, o.pace, true, o.again, o.trimmed, false, l.outside)::async.lane_state_t
      FROM (SELECT DISTINCT u FROM unnest(named) u) w(lane_id)
      JOIN async.lane l ON l.lane_id = w.lane_id
      LEFT JOIN unnest(_s.lanes) o ON o.lane_id = w.lane_id
      UNION ALL
      SELECT o FROM unnest(_s.lanes) o WHERE NOT o.lane_id = ANY(named));
    _s.outside := _s.outside OR EXISTS (SELECT FROM unnest(_s.lanes) l WHERE l.outside);
    _s.worked := true;
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_up_woken_lanes(async.loop_t) IS 'Engine: lanes that have something new';

-- pgasync_server/every/trim_positions.sql
CREATE FUNCTION async.trim_positions(_s async.loop_t, _limit INT DEFAULT 5000) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes rows of async.lane_position that newer ones have replaced, of the lanes that the orchestrator has in mind:
 * others have none. Does not pass again over what it removed before.
 *
 * _s: state of the orchestrator, returned as it is then; _limit: most rows.
 * Writes async.lane_position.
 */
#variable_conflict error
DECLARE
  lanes async.lane_state_t[] := _s.lanes;
  lane async.lane_state_t;
  old TID[] := ARRAY(
    SELECT p.ctid
    FROM unnest(_s.lanes) l
    CROSS JOIN LATERAL (
      SELECT q.ctid FROM async.lane_position q
      WHERE q.lane_id = l.lane_id AND q.seq >= coalesce(l.trimmed, 0) AND q.seq < l.position OFFSET 0) p
    WHERE l.position > coalesce(l.trimmed, 0)
    LIMIT _limit);
BEGIN
  DELETE FROM async.lane_position p WHERE p.ctid = ANY(old);
  IF cardinality(old) = _limit THEN
    _s.untidy := true;
    RETURN _s;
  END IF;
  FOR i IN 1..cardinality(lanes) LOOP
    lane := lanes[i];
    lane.trimmed := lane.position;
    lanes[i] := lane;
  END LOOP;
  _s.lanes := lanes;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.trim_positions(async.loop_t, INT) IS 'Engine: removes replaced rows of async.lane_position';

-- pgasync_server/every/try_again.sql
CREATE FUNCTION async.try_again(_verdicts async.verdict_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts back what did not run, and what deserves another attempt: at once after a serialization failure or deadlock,
 * up to five times, unless it had committed something by itself; after 1, 2, 4, 8, 16 s when its outcome is unknown
 * and on_interrupt allows; after the lane's delay while it has retries left.
 *
 * _verdicts: a task once.
 * Writes async.requeue, async.delayed, async.attempt.
 */
#variable_conflict error
DECLARE
  returned RECORD;
BEGIN
  -- a call for each lane
  FOR returned IN
    SELECT v.lane_id, array_agg(v.task_id ORDER BY v.n) AS task_ids
    FROM unnest(_verdicts) v WHERE v.outcome = 'BACK' GROUP BY v.lane_id
  LOOP
    PERFORM async.put_back(returned.lane_id, returned.task_ids);
  END LOOP;

  WITH failed AS
  (
    SELECT v.*, l.retries, l.retry_delay, l.retry_backoff, l.retry_max_delay, l.retry_on,
           a.attempts, a.counted, a.lost, a.clashed,
           v.outcome = 'ERROR' AND v.sqlstate IN ('40001', '40P01') AND v.committed IS NOT true AND a.clashed < 5
             AS clash,
           v.outcome = 'LOST' AND l.on_interrupt = 'retry' AS retry_lost
    FROM unnest(_verdicts) v
    JOIN async.lane l ON l.lane_id = v.lane_id
    CROSS JOIN LATERAL async.count_attempts(v.task_id) a
    WHERE v.outcome IN ('ERROR', 'LOST', 'TIMED_OUT')
  ), chosen AS
  (
    SELECT f.*, CASE
      WHEN f.clash THEN INTERVAL '0'
      WHEN f.retry_lost THEN 2 ^ least(f.lost, 4) * INTERVAL '1 s'
      WHEN f.outcome <> 'LOST' AND f.counted < f.retries AND async.is_worth_retrying(f.sqlstate, f.outcome, f.retry_on)
        THEN least(f.retry_delay * f.retry_backoff ^ f.counted, f.retry_max_delay) END AS pause
    FROM failed f
  ), recorded AS
  (
    INSERT INTO async.attempt(task_id, attempt, status, started, ended, sqlstate, error, counted)
    SELECT c.task_id, c.attempts + 1,
           CASE c.outcome WHEN 'TIMED_OUT' THEN 'TIMED_OUT' WHEN 'LOST' THEN 'INTERRUPTED' ELSE 'FAILED' END,
           c.started, c.ended, c.sqlstate, c.error, NOT c.clash AND NOT c.retry_lost
    FROM chosen c WHERE c.pause IS NOT NULL
  )
  INSERT INTO async.delayed(due, task_id, lane_id)
  SELECT clock_timestamp() + c.pause, c.task_id, c.lane_id FROM chosen c WHERE c.pause IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION async.try_again(async.verdict_t[]) IS
  'Engine: puts back what did not run and what deserves another attempt';

-- pgasync_server/every/vacuum_tables.sql
CREATE FUNCTION async.vacuum_tables(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has the tables vacuumed from which this session has removed many rows, in another session and without waiting for
 * it. Autovacuum would not come: PostgreSQL adds up what a session has done in tables when it is idle, and this one
 * never is. Like autovacuum it takes its time, and comes when a fifth of a table is to be cleared away.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads pg_stat_xact_user_tables; writes async.log_entry.
 */
#variable_conflict error
DECLARE
  worn RECORD;
BEGIN
  IF 'pgflow_vacuum' = ANY(async.dblink_connections()) AND async.is_busy('pgflow_vacuum') THEN
    RETURN _s;
  END IF;
  PERFORM async.hang_up('pgflow_vacuum');
  SELECT string_agg(w.relid::REGCLASS::TEXT, ', ') AS tables, jsonb_object_agg(w.relid, w.removed) AS counts INTO worn
  FROM (SELECT t.relid, t.n_tup_del + t.n_tup_upd AS removed FROM pg_stat_xact_user_tables t) w
  JOIN pg_class c ON c.oid = w.relid AND c.relpersistence <> 't'
  WHERE w.removed - coalesce((_s.vacuumed->>(w.relid::TEXT))::BIGINT, 0) > greatest(1000, 0.2 * c.reltuples);
  IF worn.tables IS NOT NULL THEN
    _s.vacuumed := _s.vacuumed || worn.counts;
    PERFORM async.dblink_connect(
      'pgflow_vacuum', async.build_conninfo(async.build_self_conninfo(), NULL, 'pgflow vacuum', true));
    PERFORM FROM async.dblink_query('pgflow_vacuum', $query$SELECT pg_catalog.set_config('vacuum_cost_delay', '2', false)$query$);
    -- lint: allow dynamic_sql: names of tables, quoted by their type
    PERFORM async.dblink_send('pgflow_vacuum', 'VACUUM ' || worn.tables);
  END IF;
  RETURN _s;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  PERFORM async.hang_up('pgflow_vacuum');
  PERFORM async.log('WARNING', format('tables are not vacuumed: %s', SQLERRM));
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.vacuum_tables(async.loop_t) IS 'Engine: has tables vacuumed from which it has removed much';

-- pgasync_server/every/wake_due.sql
CREATE FUNCTION async.wake_due(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts delayed tasks whose time has come back into their lanes, and times out yielded ones. Looks every 50 ms at
 * most, and not at what was due well before it looked last: rows of that time are gone.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.delayed, what async.return_tasks(), async.end_waiting_tasks(), async.lapse_offers() and
 * async.redeliver_results() do.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  woken RECORD;
  late BIGINT[];
BEGIN
  IF now < _s.due_from THEN
    _s.due_from := '-infinity';  -- the clock has been set back
  ELSIF now < _s.next_due THEN
    RETURN _s;
  END IF;
  _s.next_due := now + INTERVAL '50 ms';
  -- a call for each lane
  FOR woken IN
    WITH gone AS
    (
      DELETE FROM async.delayed d WHERE d.due >= _s.due_from AND d.due <= now RETURNING d.lane_id, d.task_id, d.due
    )
    SELECT g.lane_id, array_agg(g.task_id ORDER BY g.due) AS task_ids FROM gone g GROUP BY g.lane_id
  LOOP
    PERFORM async.return_tasks(woken.lane_id, woken.task_ids);
  END LOOP;
  late := ARRAY(SELECT y.task_id FROM async.yielded y WHERE y.times_up >= _s.due_from AND y.times_up <= now);
  PERFORM async.end_waiting_tasks(late, 'TIMED_OUT', 'timed out waiting for its finish');
  IF _s.outside THEN
    PERFORM async.lapse_offers();
  END IF;
  PERFORM async.expire_stranded(_s);
  PERFORM async.redeliver_results();
  _s.due_from := now - INTERVAL '0.1 s';
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.wake_due(async.loop_t) IS 'Engine: tasks whose time has come';

-- pgasync_server/every/wake_lanes.sql
CREATE FUNCTION async.wake_lanes(_lane_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells the cycle that lanes have something new. Kept in a setting of the orchestrator's session, pgflow.woken, which
 * is undone with the transaction, as the rows are.
 *
 * _lane_ids: the lanes.
 */
#variable_conflict error
BEGIN
  PERFORM set_config(
    'pgflow.woken',
    concat_ws(',', nullif(current_setting('pgflow.woken', true), ''), array_to_string(_lane_ids, ',')),
    false);
END;
$$;
COMMENT ON FUNCTION async.wake_lanes(BIGINT[]) IS 'Engine: tells the cycle that lanes have something new';

-- pgasync_server/every/watch_slots.sql
CREATE FUNCTION async.watch_slots(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Looks at what has been running for a while: orders an interruption again whose order was lost, revokes what a gone
 * session left without a receipt, takes back what waits behind a slow task, interrupts a task whose time is up, ends
 * a session that does not heed that within 10 s.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.doom.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.state NOT IN ('busy', 'watched') OR slot.revoking
               OR slot.state = 'busy' AND now < slot.sent + INTERVAL '50 ms' AND slot.timeout > INTERVAL '50 ms';
    IF slot.gone THEN
      IF slot.remaining IS NOT NULL THEN
        _s := async.order_revocation(_s, i, slot.remaining, false);
      END IF;
    ELSIF slot.interrupted AND slot.interrupt_at IS NULL THEN
      _s := async.order_revocation(
        _s, i, ARRAY(SELECT d.task_id FROM async.doom d WHERE d.task_id = ANY(slot.remaining)), true);
    ELSIF slot.interrupted THEN
      IF now > slot.interrupt_at + INTERVAL '10 s' AND NOT slot.terminate THEN
        slots := _s.slots;
        slot.terminate := true;
        slots[i] := slot;
        _s.slots := slots;
      END IF;
    ELSIF now > slot.progress + slot.timeout AND cardinality(slot.remaining) > 0 THEN
      _s := async.interrupt(_s, slot.remaining[1:1], 'TIMED_OUT', format('timed out after %s', slot.timeout));
    ELSIF slot.state = 'busy' AND cardinality(slot.remaining) > 1 AND slot.seen > slot.progress + INTERVAL '50 ms' THEN
      _s := async.order_revocation(_s, i, slot.remaining, false, true);
    END IF;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.watch_slots(async.loop_t) IS 'Engine: looks at what has been running for a while';

-- pgasync_server/every/withdraw_offers.sql
CREATE FUNCTION async.withdraw_offers(_task_ids BIGINT[]) RETURNS BIGINT[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes the offers of tasks, taken ones too. One that a worker's open transaction is just taking stays: it is removed
 * when that has ended, and until then nobody else can take it.
 *
 * _task_ids: the tasks.
 * Returns those whose offer is gone.
 * Writes async.offer; locks its rows FOR UPDATE SKIP LOCKED.
 */
#variable_conflict error
DECLARE
  withdrawn BIGINT[];
BEGIN
  WITH gone AS
  (
    DELETE FROM async.offer o
    WHERE o.offer_no = ANY(ARRAY(
      SELECT f.offer_no FROM async.offer f WHERE f.task_id = ANY(_task_ids) FOR UPDATE SKIP LOCKED))
    RETURNING o.task_id
  )
  SELECT array_agg(DISTINCT g.task_id) INTO withdrawn FROM gone g;
  RETURN coalesce(withdrawn, '{}');
END;
$$;
COMMENT ON FUNCTION async.withdraw_offers(BIGINT[]) IS 'Engine: removes the offers of tasks';

-- pgasync_server/every/work.sql
CREATE FUNCTION async.work(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_mergejoin = off AS
$$
/*
 * One cycle up to its commit: find out what has ended, take in what was asked, settle, assign. After the commit the
 * caller sends what was assigned. The order matters: what a task asked for is taken in before the task is settled.
 * Every statement looks a bounded set up by key, so no plan may depend on how large a table was when it was made:
 * hence enable_seqscan and enable_mergejoin = off.
 *
 * An orchestrator that another one has followed does nothing more but stop. One that begins its reign waits for the
 * cycle under way, by the lock that the question takes.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes every table of the engine; locks async.epoch FOR SHARE.
 */
#variable_conflict error
BEGIN
  _s.worked := false;
  _s.pending := false;
  PERFORM FROM async.epoch e WHERE e.epoch > _s.epoch FOR SHARE;
  IF FOUND THEN
    _s.stopping := true;
    RETURN _s;
  END IF;
  _s := async.reap(_s);
  _s := async.collect_answers(_s);
  _s := async.take_in_local(_s);
  _s := async.load_configuration(_s);
  _s := async.attend_targets(_s);
  _s := async.settle_local_batches(_s);
  _s := async.watch_slots(_s);
  _s := async.wake_due(_s);
  _s := async.drain_doomed_lane(_s);
  _s := async.run_cycle_hooks(_s);
  _s := async.take_up_woken_lanes(_s);
  IF _s.outside THEN
    _s := async.serve_workers(_s);
  END IF;
  _s := async.open_slots(_s);
  _s := async.assign(_s);
  _s := async.maintain(_s);
  PERFORM async.relax_commit(_s);
  _s.pending := _s.pending OR async.can_assign(_s);
  _s.worked := _s.worked OR _s.pending;
  _s.resting := NOT _s.worked AND async.is_at_rest(_s);
  IF _s.worked THEN
    _s.idle_since := clock_timestamp();
  END IF;
  IF _s.in_test THEN
    PERFORM async.pass('worked');
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.work(async.loop_t) IS 'Engine: one cycle up to its commit';

-- pgasync_server/every/work_safely.sql
CREATE FUNCTION async.work_safely(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One cycle; when it fails, its writes are undone, the state is as before it, and the failure is logged. What was
 * read from a connection in between is gone, but receipts still tell.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Errors: the cycle's own after the tenth failure in a row.
 * Writes what async.work() does, and async.log_entry.
 */
#variable_conflict error
BEGIN
  _s := async.work(_s);
  _s.failures := 0;
  _s.last_cycle := clock_timestamp();
  RETURN _s;
EXCEPTION WHEN OTHERS THEN
  IF _s.failures >= 9 THEN
    RAISE;
  END IF;
  BEGIN
    PERFORM async.log('ERROR', format('cycle failed: %s (%s)', SQLERRM, SQLSTATE));
  EXCEPTION WHEN OTHERS THEN NULL;  -- a full disk takes no entry either
  END;
  _s.failures := coalesce(_s.failures, 0) + 1;
  _s.worked := false;
  _s.pending := false;
  _s.resting := false;
  PERFORM pg_sleep(0.1 * _s.failures);
  RETURN async.repair(_s);
END;
$$;
COMMENT ON FUNCTION async.work_safely(async.loop_t) IS 'Engine: one cycle that survives its own failure';

-- pgasync_server/every/yield_or_defer.sql
CREATE FUNCTION async.yield_or_defer(_verdicts async.verdict_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Of tasks that have run: those that finish asynchronously and have had no answer yet begin to wait for it, unless
 * they are doomed, which is answer enough; those that were deferred while they ran are put off.
 *
 * _verdicts: what became of tasks; only those that are DONE count.
 * Writes async.yielded, async.delayed.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.yielded(task_id, lane_id, started, yielded, times_up)
  SELECT v.task_id, v.lane_id, v.started, v.ended,
         CASE WHEN l.timeout IS NOT NULL THEN greatest(v.started + l.timeout, clock_timestamp()) END
  FROM unnest(_verdicts) v JOIN async.lane l ON l.lane_id = v.lane_id
  WHERE v.outcome = 'DONE' AND v.asynchronous AND v.answer IS NULL AND v.doom IS NULL;

  INSERT INTO async.delayed(due, task_id, lane_id)
  SELECT clock_timestamp() + greatest(coalesce(v.answer_duration, '1 s'), '0'), v.task_id, v.lane_id
  FROM unnest(_verdicts) v
  WHERE v.outcome = 'DONE' AND v.answer = 'DEFERRED' AND v.doom IS NULL;
END;
$$;
COMMENT ON FUNCTION async.yield_or_defer(async.verdict_t[]) IS
  'Engine: tasks that wait for an answer, or got one before they ended';

-- pgasync_server/every/v_concurrency_pool_info.sql
CREATE VIEW async.v_concurrency_pool_info AS
SELECT p.concurrency_pool, p.max_workers,
  count(b.batch_id) + (SELECT count(*) FROM async.offer o WHERE o.pool_id = p.pool_id) AS workers_busy
FROM async.concurrency_pool p
LEFT JOIN async.lane l ON l.pool_id = p.pool_id AND EXISTS (SELECT FROM async.open_lane o WHERE o.lane_id = l.lane_id)
LEFT JOIN async.batch b ON b.lane_id = l.lane_id
GROUP BY p.pool_id;
COMMENT ON VIEW async.v_concurrency_pool_info IS 'Concurrency pools and how much of them is taken';
COMMENT ON COLUMN async.v_concurrency_pool_info.concurrency_pool IS 'Name of the pool; that of a target is called like it';
COMMENT ON COLUMN async.v_concurrency_pool_info.max_workers IS 'Most tasks of the pool that run at once';
COMMENT ON COLUMN async.v_concurrency_pool_info.workers_busy IS 'Sessions that run tasks of the pool now';

-- pgasync_server/every/v_server_info.sql
CREATE VIEW async.v_server_info AS
SELECT
  i.server,
  async.find_orchestrator_pid() AS pid,
  async.find_orchestrator_pid() IS NOT NULL AS running,
  c.paused,
  e.epoch,
  e.started,
  (SELECT count(*) FROM async.batch b) AS batches_running
FROM async.control c
LEFT JOIN async.identity i ON true
LEFT JOIN LATERAL (SELECT n.* FROM async.epoch n ORDER BY n.epoch DESC LIMIT 1) e ON true;
COMMENT ON VIEW async.v_server_info IS 'The server: its identity, and the orchestrator that runs now or ran last';
COMMENT ON COLUMN async.v_server_info.server IS
  'Identity of this server, which its targets know it by; null: no orchestrator has run yet';
COMMENT ON COLUMN async.v_server_info.pid IS 'Process id of the orchestrator that runs now; null: none does';
COMMENT ON COLUMN async.v_server_info.running IS 'Whether an orchestrator runs now';
COMMENT ON COLUMN async.v_server_info.paused IS 'async.pause() holds it: nothing new is started';
COMMENT ON COLUMN async.v_server_info.epoch IS
  'Number of the orchestrator that runs now or ran last; each has a greater one';
COMMENT ON COLUMN async.v_server_info.started IS 'When that orchestrator began';
COMMENT ON COLUMN async.v_server_info.batches_running IS 'Messages that sessions work on, over all targets';

-- pgasync_server/every/v_target_status.sql
CREATE VIEW async.v_target_status AS
SELECT
  t.target,
  t.target = (SELECT c.self_target FROM async.control c) AS is_self,
  t.enabled,
  t.max_concurrency,
  count(b.batch_id) AS batches_running,
  coalesce(sum(cardinality(b.task_ids)), 0) AS tasks_assigned,
  min(b.assigned) AS oldest,
  (SELECT count(*) FROM async.offer o WHERE o.target_id = t.target_id AND o.taken IS NULL) AS tasks_offered,
  (SELECT count(*) FROM async.offer o WHERE o.target_id = t.target_id AND o.taken IS NOT NULL) AS tasks_taken
FROM async.target t LEFT JOIN async.batch b ON b.target_id = t.target_id
GROUP BY t.target_id;
COMMENT ON VIEW async.v_target_status IS 'Targets and what runs on them now';
COMMENT ON COLUMN async.v_target_status.target IS 'Name of the target';
COMMENT ON COLUMN async.v_target_status.is_self IS 'It is this database';
COMMENT ON COLUMN async.v_target_status.enabled IS
  'Whether it is used; the tasks of one that is not stay queued';
COMMENT ON COLUMN async.v_target_status.max_concurrency IS 'Most tasks that run on it at once';
COMMENT ON COLUMN async.v_target_status.batches_running IS
  'Messages that its sessions work on, one a session';
COMMENT ON COLUMN async.v_target_status.tasks_assigned IS
  'Tasks in these messages; those of a message run one after the other';
COMMENT ON COLUMN async.v_target_status.oldest IS
  'When the oldest of these messages was assigned; null: nothing runs';
COMMENT ON COLUMN async.v_target_status.tasks_offered IS 'Tasks without a query that a worker may take, see async.get_tasks()';
COMMENT ON COLUMN async.v_target_status.tasks_taken IS 'Tasks without a query that workers have, and have not finished';

-- pgasync_server/every/v_task.sql
CREATE VIEW async.v_task AS
SELECT
  t.task_id,
  g.target,
  l.priority,
  t.entered,
  coalesce(r.started, y.started, b.assigned, o.taken) AS consumed,
  r.ended AS processed,
  coalesce(y.yielded, r.yielded) AS yielded,
  CASE WHEN y.task_id IS NOT NULL THEN 'YIELDED' ELSE r.status END AS finish_status,
  coalesce(t.query, l.call) AS query,
  r.status IS NOT NULL AND r.status <> 'FINISHED' AS failed,
  r.error AS processing_error,
  r.sqlstate,
  p.concurrency_pool,
  t.source,
  t.task_data,
  CASE WHEN r.task_id IS NOT NULL THEN r.status
       WHEN y.task_id IS NOT NULL THEN 'YIELDED'
       WHEN b.batch_id IS NOT NULL OR o.taken IS NOT NULL THEN 'RUNNING'
       ELSE 'READY' END AS state,
  t.owner_id,
  t.owner_item,
  coalesce(l.owner_item <> 0, t.key <> '00000000-0000-0000-0000-000000000000', false) AS is_member,
  t.argument,
  b.batch_id,
  t.key
FROM async.task t
LEFT JOIN async.lane l ON l.lane_id = t.lane_id
LEFT JOIN async.target g ON g.target_id = l.target_id
LEFT JOIN async.concurrency_pool p ON p.pool_id = l.pool_id
LEFT JOIN async.result r ON r.task_id = t.task_id
LEFT JOIN async.yielded y ON y.task_id = t.task_id
LEFT JOIN
(
  SELECT u.task_id, a.batch_id, a.assigned
  FROM async.batch a CROSS JOIN LATERAL unnest(a.task_ids) u(task_id)
) b ON b.task_id = t.task_id
LEFT JOIN
(
  SELECT f.task_id, max(f.taken) AS taken FROM async.offer f GROUP BY f.task_id
) o ON o.task_id = t.task_id;
COMMENT ON VIEW async.v_task IS
  'Tasks: pushed (entered), started (consumed), ended (processed); state READY, RUNNING, YIELDED or how it ended';
COMMENT ON COLUMN async.v_task.task_id IS 'Number of the task';
COMMENT ON COLUMN async.v_task.target IS 'Target on which it runs';
COMMENT ON COLUMN async.v_task.priority IS 'Lower runs first';
COMMENT ON COLUMN async.v_task.entered IS 'When it was queued';
COMMENT ON COLUMN async.v_task.consumed IS 'When its last attempt began; null: none has';
COMMENT ON COLUMN async.v_task.processed IS 'When it ended; null: it has not';
COMMENT ON COLUMN async.v_task.yielded IS
  'When its routine returned, to wait for an outside answer; null: it did not wait';
COMMENT ON COLUMN async.v_task.finish_status IS
  'How it ended: FINISHED, FAILED, CANCELED, TIMED_OUT, DOA, …; YIELDED while it waits for an answer; null: it has not';
COMMENT ON COLUMN async.v_task.query IS 'What it runs';
COMMENT ON COLUMN async.v_task.failed IS 'It has ended, but not FINISHED';
COMMENT ON COLUMN async.v_task.processing_error IS 'Error message of the last attempt; null: there was none';
COMMENT ON COLUMN async.v_task.sqlstate IS 'SQLSTATE of the error, where it has one';
COMMENT ON COLUMN async.v_task.concurrency_pool IS 'Pool in which it counts';
COMMENT ON COLUMN async.v_task.source IS 'Free text that was pushed with it; null: none';
COMMENT ON COLUMN async.v_task.task_data IS 'JSON that was pushed with it; null: none';
COMMENT ON COLUMN async.v_task.state IS 'READY, RUNNING, YIELDED, or how it ended';
COMMENT ON COLUMN async.v_task.owner_id IS 'Engine: what it belongs to in the extension that owns it: a run';
COMMENT ON COLUMN async.v_task.owner_item IS 'Engine: which part of that: a node';
COMMENT ON COLUMN async.v_task.is_member IS 'Engine: whether it is one of many of that part: a step';
COMMENT ON COLUMN async.v_task.argument IS 'Engine: argument of its call';
COMMENT ON COLUMN async.v_task.batch_id IS 'Engine: message in which it runs';
COMMENT ON COLUMN async.v_task.key IS 'Engine: tells it apart from others of that part';

-- pgasync_server/every/v_worker_info.sql
CREATE VIEW async.v_worker_info AS
SELECT b.batch_id, t.target, p.concurrency_pool, b.pid, b.backend_start, b.assigned, b.task_ids
FROM async.batch b
JOIN async.lane l ON l.lane_id = b.lane_id
LEFT JOIN async.target t ON t.target_id = b.target_id
LEFT JOIN async.concurrency_pool p ON p.pool_id = l.pool_id;
COMMENT ON VIEW async.v_worker_info IS 'Sessions that run tasks now, and which';
COMMENT ON COLUMN async.v_worker_info.batch_id IS 'Number of the message that the session works on';
COMMENT ON COLUMN async.v_worker_info.target IS 'Target; null: it has been removed';
COMMENT ON COLUMN async.v_worker_info.concurrency_pool IS 'Pool in which its tasks count';
COMMENT ON COLUMN async.v_worker_info.pid IS 'Process id of the session, on the target';
COMMENT ON COLUMN async.v_worker_info.backend_start IS
  'When that session began: tells it from a later one of the same pid';
COMMENT ON COLUMN async.v_worker_info.assigned IS 'When the message was assigned to it';
COMMENT ON COLUMN async.v_worker_info.task_ids IS
  'Tasks of the message, those that it has ended already, too';

SELECT pg_catalog.pg_extension_config_dump('async.control', '');
SELECT pg_catalog.pg_extension_config_dump('async.target', '');
SELECT pg_catalog.pg_extension_config_dump('async.concurrency_pool', '');
SELECT pg_catalog.pg_extension_config_dump('async.configuration_version', '');
SELECT pg_catalog.pg_extension_config_dump('async.target_target_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('async.concurrency_pool_pool_id_seq', '');

DO $revoke$
DECLARE
  object TEXT;
BEGIN
  FOR object IN
    WITH member AS (
      SELECT d.classid, d.objid
      FROM pg_depend d
      JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pgasync_server'
    )
    SELECT format('SCHEMA %I', n.nspname)
    FROM member m
    JOIN pg_namespace n ON n.oid = m.objid
    WHERE m.classid = 'pg_namespace'::regclass
    UNION
    SELECT format('ROUTINE %s', m.objid::regprocedure)
    FROM member m
    WHERE m.classid = 'pg_proc'::regclass
    UNION
    SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass)
    FROM member m
    JOIN pg_class c ON c.oid = m.objid
    WHERE m.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION
    SELECT format('TYPE %s', t.oid::regtype)
    FROM member m
    JOIN pg_type t ON m.objid = CASE m.classid WHEN 'pg_class'::regclass THEN t.typrelid ELSE t.oid END
    WHERE m.classid IN ('pg_class'::regclass, 'pg_type'::regclass) AND t.typcategory <> 'A'
  LOOP
    EXECUTE 'REVOKE ALL ON ' || object || ' FROM PUBLIC';
  END LOOP;
END
$revoke$;
