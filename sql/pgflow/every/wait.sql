CREATE OR REPLACE PROCEDURE flow.wait(_flow_id BIGINT, _timeout INTERVAL DEFAULT NULL) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Returns when a run has ended well.
 *
 * _flow_id: the run.
 * _timeout: longest to wait; null: for ever.
 * Errors: PF009 it failed or was canceled, PF010 the time is up, PF002 unknown run, PF011 the caller's own open
 *   transaction made the run, so that it can only start later; PF008 on a client without a server.
 */
#variable_conflict error
DECLARE
  deadline TIMESTAMPTZ := clock_timestamp() + _timeout;
  reached TEXT;
  nap FLOAT8 := 0.001::FLOAT8;
BEGIN
  LOOP
    reached := flow.get_run_state(_flow_id);
    EXIT WHEN reached = 'FINISHED';
    IF reached <> 'RUNNING' THEN
      RAISE EXCEPTION 'run % ended %', _flow_id, reached
        USING ERRCODE = 'PF009', HINT = format('Look at SELECT * FROM flow.v_flow_node_status WHERE flow_id = %s.', _flow_id);
    ELSIF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'run % has not ended within %', _flow_id, _timeout USING ERRCODE = 'PF010';
    END IF;
    PERFORM pg_sleep(nap);
    nap := least(nap * 1.5, 0.25);
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE flow.wait(BIGINT, INTERVAL) IS 'Returns when a run has ended well';
