CREATE TYPE async.problem_t AS
(
  check_name TEXT,
  subject TEXT,
  message TEXT
);
COMMENT ON TYPE async.problem_t IS 'What async.check_consistency() has found: which check failed, of what, and what is wrong';
COMMENT ON COLUMN async.problem_t.check_name IS 'Which check has failed: docs/consistency.md has them all';
COMMENT ON COLUMN async.problem_t.subject IS 'What it is about, as in task 7 or batch 3';
COMMENT ON COLUMN async.problem_t.message IS 'What is wrong';
