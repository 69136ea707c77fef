CREATE TABLE async.identity
(
  singleton BOOL PRIMARY KEY DEFAULT true CHECK (singleton),
  server UUID NOT NULL,
  system_identifier BIGINT NOT NULL,   /* pg_control_system() */
  database OID NOT NULL
);
COMMENT ON TABLE async.identity IS
  'Who this server is to its targets, and where it was when it became that; made by the first orchestrator or async.claim_identity()';

/* An orchestrator's reign. Every row of receipts and batches carries it. */
CREATE TABLE async.epoch
(
  epoch BIGINT PRIMARY KEY,
  token UUID NOT NULL,
  pid INT NOT NULL,
  started TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE async.epoch IS 'Orchestrators that have run on this server';
