CREATE OR REPLACE FUNCTION flow.begin_restarts(_flow_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes up runs that flow.restart_flow() has had wait anew: nodes that wait for no parent begin.
 *
 * _flow_ids: the runs.
 * Writes flow.restart, and what flow.end_runs(), flow.release_children() and flow.advance() do.
 */
#variable_conflict error
DECLARE
  passing flow.change_t[];
  entering flow.change_t[];
BEGIN
  IF cardinality(_flow_ids) > 0 THEN
    WITH begun AS
    (
      UPDATE flow.restart x SET begun = clock_timestamp()
      WHERE x.flow_id = ANY(_flow_ids) AND x.begun IS NULL
      RETURNING x.flow_id, x.state_no
    )
    SELECT array_agg(ROW(b.flow_id, n.node_no, 'SKIPPED', NULL)::flow.change_t) FILTER (WHERE s.state = 'SKIPPED'),
           array_agg(ROW(b.flow_id, n.node_no, NULL, NULL)::flow.change_t) FILTER (WHERE s.state = 'PENDING')
    INTO passing, entering
    FROM begun b
    JOIN flow.run r ON r.flow_id = b.flow_id
    JOIN flow.definition_node n ON n.definition_id = r.definition_id
    CROSS JOIN LATERAL flow.find_node_state(b.flow_id, n.node_no) s
    WHERE s.state_no > b.state_no AND s.unmet = 0;
    PERFORM flow.end_runs(_flow_ids);
    IF passing IS NOT NULL THEN
      entering := flow.release_children(passing) || entering;
    END IF;
    PERFORM flow.advance('{}', coalesce(entering, '{}'));
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.begin_restarts(BIGINT[]) IS 'Engine: takes up restarted runs';
