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
