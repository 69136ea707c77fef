CREATE OR REPLACE PROCEDURE async.cycle() LANGUAGE plpgsql AS
$$
/*
 * One cycle of an orchestrator in manual mode, in the session that called async.main(_manual_mode => true). Commits.
 *
 * Errors: PF005 in any other session.
 * Writes what async.work() does.
 */
#variable_conflict error
DECLARE
  s async.loop_t;
BEGIN
  s := async.recall_state();
  COMMIT;
  s := async.work_safely(s);
  COMMIT;
  s := async.send(s);
  PERFORM async.keep_state(s);
END;
$$;
COMMENT ON PROCEDURE async.cycle() IS 'One cycle of an orchestrator in manual mode';
