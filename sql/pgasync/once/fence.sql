CREATE TABLE async.fence
(
  server UUID,
  epoch BIGINT,
  token UUID NOT NULL,     /* drawn by the orchestrator: tells two that took the same epoch apart */
  registered TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  CONSTRAINT fence_pk PRIMARY KEY (server, epoch)
);
COMMENT ON TABLE async.fence IS
  'Engine: orchestrators that registered here; one with a smaller epoch than the greatest of its server runs nothing more';
