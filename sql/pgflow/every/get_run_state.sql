CREATE OR REPLACE FUNCTION flow.get_run_state(_flow_id BIGINT) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * State of a run: RUNNING, FINISHED, FAILED or CANCELED.
 *
 * _flow_id: the run.
 * Errors: PF002 unknown run, PF011 one that the caller's own open transaction made or restarted; PF008 on a client
 *   without a server.
 */
#variable_conflict error
DECLARE
  reached TEXT;
  maker BIGINT;
BEGIN
  IF to_regclass('flow.run') IS NULL THEN
    RETURN (SELECT a FROM async.ask_server(format('SELECT flow.get_run_state(%L)', _flow_id)) a);
  END IF;
  SELECT coalesce(s.maker, r.xmin::TEXT::BIGINT), s.state INTO maker, reached
  FROM flow.run r
  LEFT JOIN LATERAL (
    SELECT l.state, l.xmin::TEXT::BIGINT AS maker
    FROM flow.run_state l WHERE l.flow_id = r.flow_id ORDER BY l.state_no DESC LIMIT 1) s ON true
  WHERE r.flow_id = _flow_id;
  IF maker IS NULL THEN
    RAISE EXCEPTION 'unknown run %', _flow_id USING ERRCODE = 'PF002';
  ELSIF coalesce(reached, 'RUNNING') = 'RUNNING' AND maker = txid_current_if_assigned() % 4294967296 THEN
    RAISE EXCEPTION 'run % starts when this transaction commits', _flow_id
      USING ERRCODE = 'PF011', HINT = 'Commit before waiting.';
  END IF;
  RETURN coalesce(reached, 'RUNNING');
END;
$$;
COMMENT ON FUNCTION flow.get_run_state(BIGINT) IS 'Engine: state of a run';
