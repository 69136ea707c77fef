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
