CREATE OR REPLACE FUNCTION async.signal_session(_pid INT, _start TIMESTAMPTZ, _terminate BOOL) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what a session runs, or ends it, if it still is the one that is meant. Never touches another.
 *
 * _pid, _start: process id of the session, and when it began; _terminate: end it.
 */
#variable_conflict error
BEGIN
  IF _terminate THEN
    PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = _pid AND a.backend_start = _start;
  ELSE
    PERFORM pg_cancel_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = _pid AND a.backend_start = _start;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.signal_session(INT, TIMESTAMPTZ, BOOL) IS 'Engine: cancels or ends one of its own sessions';
