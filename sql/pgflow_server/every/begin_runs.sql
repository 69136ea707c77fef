CREATE OR REPLACE FUNCTION flow.begin_runs(_flow_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Starts runs: their nodes without dependencies begin, those that have not been chosen are SKIPPED.
 *
 * _flow_ids: the runs.
 * Writes flow.run_state, and what flow.skip_nodes() and flow.advance() do.
 */
#variable_conflict error
DECLARE
  partial BIGINT[];
  entering flow.change_t[];
BEGIN
  IF cardinality(_flow_ids) > 0 THEN
    INSERT INTO flow.run_state(flow_id, state, unresolved, failed, canceled)
    SELECT r.flow_id, 'RUNNING', coalesce(cardinality(r.chosen), d.nodes), 0, false
    FROM flow.run r JOIN flow.definition d ON d.definition_id = r.definition_id
    WHERE r.flow_id = ANY(_flow_ids);
    PERFORM flow.end_runs(_flow_ids);
    entering := ARRAY(
      SELECT ROW(r.flow_id, n.node_no, NULL, NULL)::flow.change_t
      FROM flow.run r JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.parents = 0
      WHERE r.flow_id = ANY(_flow_ids) AND r.chosen IS NULL
      ORDER BY r.flow_id, n.node_no);
    partial := ARRAY(SELECT r.flow_id FROM flow.run r WHERE r.flow_id = ANY(_flow_ids) AND r.chosen IS NOT NULL);
    IF cardinality(partial) > 0 THEN
      entering := entering || flow.skip_nodes(partial);
    END IF;
    PERFORM flow.advance('{}', entering);
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.begin_runs(BIGINT[]) IS 'Engine: starts runs';
