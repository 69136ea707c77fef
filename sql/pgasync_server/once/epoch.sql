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
