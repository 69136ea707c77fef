CREATE OR REPLACE FUNCTION async.work(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_mergejoin = off AS
$$
/*
 * One cycle up to its commit: find out what has ended, take in what was asked, settle, assign. After the commit the
 * caller sends what was assigned. The order matters: what a task asked for is taken in before the task is settled.
 * Every statement looks a bounded set up by key, so no plan may depend on how large a table was when it was made:
 * hence enable_seqscan and enable_mergejoin = off.
 *
 * An orchestrator that another one has followed does nothing more but stop. One that begins its reign waits for the
 * cycle under way, by the lock that the question takes.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes every table of the engine; locks async.epoch FOR SHARE.
 */
#variable_conflict error
BEGIN
  _s.worked := false;
  _s.pending := false;
  PERFORM FROM async.epoch e WHERE e.epoch > _s.epoch FOR SHARE;
  IF FOUND THEN
    _s.stopping := true;
    RETURN _s;
  END IF;
  _s := async.reap(_s);
  _s := async.collect_answers(_s);
  _s := async.take_in_local(_s);
  _s := async.load_configuration(_s);
  _s := async.attend_targets(_s);
  _s := async.settle_local_batches(_s);
  _s := async.watch_slots(_s);
  _s := async.wake_due(_s);
  _s := async.drain_doomed_lane(_s);
  _s := async.run_cycle_hooks(_s);
  _s := async.take_up_woken_lanes(_s);
  IF _s.outside THEN
    _s := async.serve_workers(_s);
  END IF;
  _s := async.open_slots(_s);
  _s := async.assign(_s);
  _s := async.maintain(_s);
  PERFORM async.relax_commit(_s);
  _s.pending := _s.pending OR async.can_assign(_s);
  _s.worked := _s.worked OR _s.pending;
  _s.resting := NOT _s.worked AND async.is_at_rest(_s);
  IF _s.worked THEN
    _s.idle_since := clock_timestamp();
  END IF;
  IF _s.in_test THEN
    PERFORM async.pass('worked');
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.work(async.loop_t) IS 'Engine: one cycle up to its commit';
