CREATE OR REPLACE FUNCTION async.seize_mutex(_mutex BIGINT, _force BOOL) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes the lock that lets one orchestrator run in this database.
 *
 * _mutex: key of the lock; _force: end the session that has it.
 * Returns whether it was had.
 * Errors: PF013 when one that was told to end has not after 10 s.
 * Takes a session-level advisory lock.
 */
#variable_conflict error
DECLARE
  deadline TIMESTAMPTZ := clock_timestamp() + INTERVAL '10 s';
BEGIN
  WHILE NOT pg_try_advisory_lock(_mutex) LOOP
    IF NOT _force THEN
      RETURN false;
    ELSIF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'the running orchestrator does not end' USING ERRCODE = 'PF013';
    END IF;
    PERFORM pg_terminate_backend(p.pid) FROM async.find_orchestrator_pid() p(pid);
    PERFORM pg_sleep(0.02);
  END LOOP;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION async.seize_mutex(BIGINT, BOOL) IS 'Engine: takes the lock of the orchestrator';
