/*
 * A receipt is the last row that a task's transaction writes on its target. To revoke a task is to insert that same
 * key first: whoever commits it wins, at any isolation level. Two tables take turns, so that one can be emptied while
 * the other is written; the orchestrator names the one to use with each batch. Emptied by TRUNCATE, they need no
 * vacuum; and one that found a table empty would let later look-ups scan it, where an unknown table is read by its key.
 */
CREATE TABLE async.receipt_0
(
  server UUID,             /* of the orchestrator's database */
  epoch BIGINT,            /* of the orchestrator that assigned the batch */
  batch_id BIGINT,         /* one assignment: a task assigned again has another */
  task_id BIGINT,
  started TIMESTAMPTZ,
  ended TIMESTAMPTZ,       /* null for a revocation */
  CONSTRAINT receipt_0_pk PRIMARY KEY (server, epoch, batch_id, task_id)
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE async.receipt_0 IS
  'Engine: receipts (ended) and revocations (ended IS NULL) of tasks that ran here; takes turns with receipt_1';

CREATE TABLE async.receipt_1
(
  LIKE async.receipt_0 INCLUDING DEFAULTS,
  CONSTRAINT receipt_1_pk PRIMARY KEY (server, epoch, batch_id, task_id)
) WITH (autovacuum_enabled = false);
COMMENT ON TABLE async.receipt_1 IS
  'Engine: receipts (ended) and revocations (ended IS NULL) of tasks that ran here; takes turns with receipt_0';
