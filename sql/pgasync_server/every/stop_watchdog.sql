CREATE OR REPLACE FUNCTION async.stop_watchdog() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends the watch: cancels the session that keeps it, again and again, since a session that has not begun its query yet
 * takes no notice of a cancel. One of its own that was just on its way arrives here before its answer, and is
 * swallowed; so is the error that the answer is.
 */
#variable_conflict error
DECLARE
  is_over BOOL := false;
BEGIN
  WHILE NOT is_over LOOP
    BEGIN
      PERFORM pg_cancel_backend(a.pid) FROM pg_stat_get_activity(NULL) a WHERE a.application_name = 'pgflow watchdog'
        AND a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
      PERFORM pg_sleep(0.0002);
      is_over := NOT async.is_busy('pgflow_watchdog');
    EXCEPTION
      WHEN query_canceled THEN NULL;
      WHEN OTHERS THEN is_over := true;
    END;
  END LOOP;
  FOR i IN 1..3 LOOP
    BEGIN
      PERFORM FROM async.dblink_result('pgflow_watchdog');
      PERFORM pg_sleep(0);
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      NULL;
    END;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.stop_watchdog() IS 'Engine: ends the watch';
