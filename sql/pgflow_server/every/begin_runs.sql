CREATE OR REPLACE FUNCTION flow.begin_runs(_flow_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Starts runs: their nodes without dependencies begin.
 *
 * _flow_ids: the runs.
 * Writes flow.run_state, and what flow.advance() does.
 */
#variable_conflict error
BEGIN
  IF cardinality(_flow_ids) > 0 THEN
    INSERT INTO flow.run_state(flow_id, state, unresolved, failed, canceled)
    SELECT r.flow_id, 'RUNNING', d.nodes, 0, false
    FROM flow.run r JOIN flow.definition d ON d.definition_id = r.definition_id
    WHERE r.flow_id = ANY(_flow_ids);
    PERFORM flow.end_runs(_flow_ids);
    PERFORM flow.advance('{}', ARRAY(
      SELECT ROW(r.flow_id, n.node_no, NULL, NULL)::flow.change_t
      FROM flow.run r JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.parents = 0
      WHERE r.flow_id = ANY(_flow_ids)
      ORDER BY r.flow_id, n.node_no));
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.begin_runs(BIGINT[]) IS 'Engine: starts runs';
