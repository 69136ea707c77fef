CREATE OR REPLACE FUNCTION async.work_safely(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One cycle; when it fails, its writes are undone, the state is as before it, and the failure is logged. What was
 * read from a connection in between is gone, but receipts still tell.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Errors: the cycle's own after the tenth failure in a row.
 * Writes what async.work() does, and async.log_entry.
 */
#variable_conflict error
BEGIN
  _s := async.work(_s);
  _s.failures := 0;
  _s.last_cycle := clock_timestamp();
  RETURN _s;
EXCEPTION WHEN OTHERS THEN
  IF _s.failures >= 9 THEN
    RAISE;
  END IF;
  BEGIN
    PERFORM async.log('ERROR', format('cycle failed: %s (%s)', SQLERRM, SQLSTATE));
  EXCEPTION WHEN OTHERS THEN NULL;  -- a full disk takes no entry either
  END;
  _s.failures := coalesce(_s.failures, 0) + 1;
  _s.worked := false;
  _s.pending := false;
  _s.resting := false;
  PERFORM pg_sleep(0.1 * _s.failures);
  RETURN async.repair(_s);
END;
$$;
COMMENT ON FUNCTION async.work_safely(async.loop_t) IS 'Engine: one cycle that survives its own failure';
