/* Extensions on top of the engine register here; the engine knows nothing of them. */
CREATE TABLE async.hook
(
  owner TEXT PRIMARY KEY,
  check_request TEXT,     /* function (async.request) that raises when one of kind '<owner>.…' makes no sense */
  on_requests TEXT,       /* function (async.request[]): requests of kind '<owner>.…' */
  on_results TEXT,        /* function (async.result_t[]): tasks of this owner that have ended */
  on_cycle TEXT,          /* function () returning whether there is more to do at once */
  on_maintenance TEXT     /* function (keep interval): removes a piece of what ended longer ago than that */
);
COMMENT ON TABLE async.hook IS 'Functions of other extensions that the orchestrator calls';

CREATE TABLE async.task_kind
(
  kind TEXT PRIMARY KEY,
  argument_type TEXT,     /* type of the argument that the call of the lane takes */
  header TEXT,            /* expression of that type, once a batch; $owner_id stands for that of the lane */
  argument TEXT,          /* expression of that type; $header, $task_id, $data and $label stand for theirs */
  preamble TEXT,          /* function (owner_id, target_id) returning what a first batch on a target must run, or null */
  on_missing TEXT         /* function (owner_id, target_id) called when a target turns out not to have it: PF014 */
);
COMMENT ON TABLE async.task_kind IS 'How the tasks of a lane become the argument of its call';
INSERT INTO async.task_kind(kind) VALUES ('query');

CREATE TYPE async.result_t AS
(
  task_id BIGINT,
  owner TEXT,
  owner_id BIGINT,
  owner_item INT,
  is_member BOOL,         /* of the item: a step of the node; otherwise the item''s own task */
  status TEXT,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ,
  sqlstate TEXT,
  error TEXT
);
COMMENT ON TYPE async.result_t IS 'Engine: a task that has ended, as told to the extension that owns it';
