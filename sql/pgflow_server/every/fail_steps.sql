CREATE OR REPLACE FUNCTION flow.fail_steps(_chunk flow.chunk, _sqlstate TEXT, _error TEXT) RETURNS async.result_t[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records steps that cannot run as failed.
 *
 * _chunk: the steps; _sqlstate, _error: why.
 * Returns their results.
 * Writes async.result, and what flow.insert_steps() does.
 */
#variable_conflict error
DECLARE
  node_name TEXT := (
    SELECT n.node FROM flow.run r JOIN flow.definition_node n ON n.definition_id = r.definition_id
    WHERE r.flow_id = _chunk.flow_id AND n.node_no = _chunk.node_no);
  failed_ids BIGINT[] := flow.insert_steps(_chunk, NULL, node_name);
BEGIN
  INSERT INTO async.result(task_id, status, ended, sqlstate, error)
  SELECT u, 'FAILED', clock_timestamp(), _sqlstate, _error FROM unnest(failed_ids) u;
  RETURN ARRAY(
    SELECT ROW(u, 'flow', _chunk.flow_id, _chunk.node_no, true, 'FAILED', NULL, clock_timestamp(), _sqlstate,
               _error)::async.result_t
    FROM unnest(failed_ids) u);
END;
$$;
COMMENT ON FUNCTION flow.fail_steps(flow.chunk, TEXT, TEXT) IS 'Engine: records steps that cannot run';
