/*
 * A receipt is the last row that a task's transaction writes on its target. To revoke a task is to insert that same
 * key first: whoever commits it wins, at any isolation level. Two tables take turns, so that one can be emptied while
 * the other is written; the orchestrator names the one to use with each batch. Emptied by TRUNCATE, they need no vacuum;
 * and one that found a table empty would let later look-ups scan it, where an unknown table is read by its key.
 */
CREATE TABLE async.receipt_0
(
  server UUID,             /* of the orchestrator's database */
  epoch BIGINT,            /* of the orchestrator that assigned the batch */
  batch_id BIGINT,         /* one assignment: a task assigned again has another */
  task_id BIGINT,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ,       /* null for a revocation */
  PRIMARY KEY (server, epoch, batch_id, task_id)
) WITH (autovacuum_enabled = false);
CREATE TABLE async.receipt_1 (LIKE async.receipt_0 INCLUDING ALL) WITH (autovacuum_enabled = false);
COMMENT ON TABLE async.receipt_0 IS 'Receipts (ended) and revocations (ended IS NULL) of tasks that ran here; takes turns with receipt_1';
COMMENT ON TABLE async.receipt_1 IS 'Receipts (ended) and revocations (ended IS NULL) of tasks that ran here; takes turns with receipt_0';

CREATE TABLE async.fence
(
  server UUID,
  epoch BIGINT,
  token UUID NOT NULL,     /* drawn by the orchestrator: tells two that took the same epoch apart */
  registered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (server, epoch)
);
COMMENT ON TABLE async.fence IS 'Orchestrators that registered here; one with a smaller epoch than the greatest of its server runs nothing more';
