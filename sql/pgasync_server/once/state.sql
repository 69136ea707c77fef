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
