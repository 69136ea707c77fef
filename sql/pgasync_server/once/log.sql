CREATE TABLE async.log_entry
(
  logged TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  level TEXT NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR')),
  message TEXT NOT NULL
);
CREATE INDEX log_entry_logged_idx ON async.log_entry(logged);
COMMENT ON TABLE async.log_entry IS 'What the orchestrator has to say; async.log() writes it';
