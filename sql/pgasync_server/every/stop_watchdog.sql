CREATE OR REPLACE FUNCTION async.stop_watchdog() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends the watch. A cancel that was just on its way arrives here, before the answer of the session that sent it, and
 * is swallowed; so is the error of that session, which we cancel in turn.
 */
#variable_conflict error
BEGIN
  PERFORM pg_cancel_backend(a.pid) FROM pg_stat_get_activity(NULL) a WHERE a.application_name = 'pgflow watchdog'
    AND a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
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
