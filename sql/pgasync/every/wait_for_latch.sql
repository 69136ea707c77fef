CREATE OR REPLACE FUNCTION async.wait_for_latch() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Returns once the orchestrator has taken in every request that was committed before. Waits for ever when none runs.
 *
 * Errors: PF011 when the caller's own open transaction has made a request, 25001 above READ COMMITTED, where nothing
 * new would ever be seen; PF008 on a client without a server.
 * Reads async.request, async.intake.
 */
#variable_conflict error
BEGIN
  IF to_regclass('async.task') IS NULL THEN
    PERFORM async.ask_server('SELECT async.wait_for_latch()');
    RETURN;
  ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'waiting needs transaction isolation READ COMMITTED' USING ERRCODE = 'active_sql_transaction';
  ELSIF EXISTS (SELECT FROM async.request r WHERE r.xid = txid_current_if_assigned()) THEN
    RAISE EXCEPTION 'requests of this transaction are taken in when it commits' USING
      ERRCODE = 'PF011', HINT = 'COMMIT before waiting.';
  END IF;
  WHILE EXISTS (SELECT FROM async.find_new_requests(
    (SELECT i.snapshot FROM async.intake i WHERE i.target_id = 0 ORDER BY i.intake_no DESC LIMIT 1))) LOOP
    PERFORM pg_sleep(0.005);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.wait_for_latch() IS 'Returns once the orchestrator has taken in every request made before';
