CREATE OR REPLACE PROCEDURE async.main(_force BOOL DEFAULT false, _manual_mode BOOL DEFAULT false)
LANGUAGE plpgsql AS
$$
/*
 * The orchestrator. Runs until async.stop(), and commits with every cycle.
 *
 * _force: end one that is running already and take over; otherwise return with a NOTICE then; _manual_mode: only
 * prepare; each CALL async.cycle() is then one cycle, for tests.
 * Errors: PF012 in a copy of a server, PF013 when the session cannot host it.
 * Writes what async.work() does; takes a session-level advisory lock.
 */
#variable_conflict error
DECLARE
  mutex BIGINT := (SELECT c.advisory_mutex_id FROM async.control c);  -- may be configured otherwise meanwhile
  s async.loop_t;
BEGIN
  PERFORM async.assert_fit();
  PERFORM async.prepare_session();
  COMMIT;
  IF NOT async.seize_mutex(mutex, _force) THEN
    RAISE NOTICE 'an orchestrator is running already';
    RETURN;
  END IF;
  PERFORM async.pass('seized');
  PERFORM async.hang_up_all();
  s := async.recover(async.begin_reign());
  PERFORM async.pass('reigning');
  COMMIT;
  PERFORM async.pass('begun');
  IF _manual_mode THEN
    PERFORM async.keep_state(s);
    RETURN;
  END IF;
  LOOP
    IF NOT s.pending AND (CASE WHEN s.resting THEN async.has_nothing_new(s) ELSE async.has_nothing_ended(s) END) THEN
      COMMIT;
      PERFORM async.rest(s);
    ELSE
      s := async.work_safely(s);
      COMMIT;
      IF s.in_test THEN
        PERFORM async.pass('committed');
      END IF;
      s := async.send(s);
      EXIT WHEN s.stopping;
    END IF;
  END LOOP;
  PERFORM async.pass('stopping');
  PERFORM async.hang_up_all();
  PERFORM async.log('NOTICE', pg_catalog.format('orchestrator with epoch %s has ended', s.epoch));
  PERFORM pg_catalog.pg_advisory_unlock(mutex);
END;
$$;
COMMENT ON PROCEDURE async.main(BOOL, BOOL) IS 'The orchestrator: runs until async.stop()';
