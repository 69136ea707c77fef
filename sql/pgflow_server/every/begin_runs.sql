CREATE OR REPLACE FUNCTION flow.begin_runs(_flow_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Starts runs: their nodes without dependencies begin, those that have not been chosen are SKIPPED. Their ids were given out
 * when they were asked for, so flow.find_old_runs() has to hear of the lowest: the setting pgflow.runs_gone.
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
    PERFORM set_config('pgflow.runs_gone', least(
      nullif(current_setting('pgflow.runs_gone', true), '')::BIGINT, (SELECT min(u) - 1 FROM unnest(_flow_ids) u))::TEXT, false);
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
