CREATE OR REPLACE FUNCTION async.pass(_boundary TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For tests: a place of the loop at which a crash must do no harm. A session whose setting pgflow.stop_at names it
 * waits here while somebody else holds the advisory lock (1885759283, 0), and a test can see that it does. Without
 * the setting, which is read when a reign begins, the loop does not even call this.
 *
 * _boundary: what the place is called.
 * Takes a session-level advisory lock, and gives it back.
 */
#variable_conflict error
BEGIN
  IF current_setting('pgflow.stop_at', true) = _boundary THEN
    PERFORM pg_advisory_lock_shared(1885759283, 0);
    PERFORM pg_advisory_unlock_shared(1885759283, 0);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.pass(TEXT) IS 'Engine: a place of the loop at which tests may have it stop';
