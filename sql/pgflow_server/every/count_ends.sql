CREATE OR REPLACE FUNCTION flow.count_ends(_ended flow.change_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Counts nodes that have ended off their runs, and ends those runs whose last they were.
 *
 * _ended: the nodes, with the state in which they ended.
 * Writes flow.run_state, and what flow.end_runs() does.
 */
#variable_conflict error
DECLARE
  touched BIGINT[];
BEGIN
  IF cardinality(_ended) > 0 THEN
    WITH counted AS
    (
      INSERT INTO flow.run_state(flow_id, state, unresolved, failed, canceled)
      SELECT s.flow_id, s.state, s.unresolved - t.ended, s.failed + t.failed, s.canceled
      FROM (SELECT c.flow_id, count(*) AS ended,
                   count(*) FILTER (WHERE c.state IN ('FAILED', 'TIMED_OUT', 'DOA', 'CANCELED')) AS failed
            FROM unnest(_ended) c GROUP BY c.flow_id) t
      CROSS JOIN LATERAL (
        SELECT l.* FROM flow.run_state l WHERE l.flow_id = t.flow_id ORDER BY l.state_no DESC LIMIT 1) s
      RETURNING flow_id, unresolved
    )
    SELECT array_agg(c.flow_id) INTO touched FROM counted c WHERE c.unresolved = 0;
    PERFORM flow.end_runs(touched);
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.count_ends(flow.change_t[]) IS 'Engine: counts nodes that have ended off their runs';
