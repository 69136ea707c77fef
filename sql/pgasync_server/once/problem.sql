CREATE TYPE async.problem_t AS
(
  check_name TEXT,
  subject TEXT,             /* what it is about: 'task 7', 'batch 3' */
  message TEXT
);
COMMENT ON TYPE async.problem_t IS 'What async.check_consistency() has found: which check failed, of what, and what is wrong';
