CREATE OR REPLACE FUNCTION flow.end_runs(_flow_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends those of some runs that have no unresolved node left, and has it announced on channel pgflow.
 *
 * _flow_ids: the runs.
 * Writes flow.run_state, flow.open_run, and what async.close_owned() does.
 */
#variable_conflict error
DECLARE
  ended_ids BIGINT[];
BEGIN
  WITH last AS
  (
    INSERT INTO flow.run_state(flow_id, state, unresolved, failed, canceled)
    SELECT s.flow_id, CASE WHEN s.canceled THEN 'CANCELED' WHEN s.failed > 0 THEN 'FAILED' ELSE 'FINISHED' END,
           0, s.failed, s.canceled
    FROM unnest(_flow_ids) u(flow_id)
    CROSS JOIN LATERAL (
      SELECT l.* FROM flow.run_state l WHERE l.flow_id = u.flow_id ORDER BY l.state_no DESC LIMIT 1) s
    WHERE s.unresolved = 0 AND s.state = 'RUNNING'
    RETURNING flow_id, state
  ), announced AS
  (
    SELECT l.flow_id, async.announce('pgflow', json_build_object('flow_id', l.flow_id, 'flow', r.flow, 'state', l.state)::TEXT)
    FROM last l JOIN flow.run r ON r.flow_id = l.flow_id
  )
  SELECT array_agg(a.flow_id) INTO ended_ids FROM announced a;
  IF ended_ids IS NOT NULL THEN
    DELETE FROM flow.open_run o WHERE o.flow_id = ANY(ended_ids);
    PERFORM async.close_owned('flow', ended_ids);
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.end_runs(BIGINT[]) IS 'Engine: ends runs whose nodes have all ended';
