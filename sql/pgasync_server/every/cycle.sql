CREATE OR REPLACE PROCEDURE async.cycle() LANGUAGE plpgsql AS
$$
/*
 * One cycle of an orchestrator in manual mode, in the session that called async.main(_manual_mode => true).
 * Errors: PF005 in any other session.
 */
DECLARE
  s async.loop_t;
BEGIN
  s := async.kept_state();
  COMMIT;
  s := async.work_safely(s);
  COMMIT;
  s := async.send(s);
  PERFORM async.keep_state(s);
END;
$$;
COMMENT ON PROCEDURE async.cycle() IS 'One cycle of an orchestrator in manual mode';
