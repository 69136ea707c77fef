CREATE OR REPLACE FUNCTION flow.fail_nodes(_flow_id BIGINT, _node_nos INT[], _error TEXT) RETURNS flow.change_t[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records the tasks of nodes that cannot run as failed.
 *
 * _flow_id, _node_nos: the nodes, all of one run; _error: why.
 * Returns how they end.
 * Writes async.task, async.result.
 */
#variable_conflict error
BEGIN
  WITH failed AS
  (
    INSERT INTO async.task(task_id, owner_id, owner_item, key, query, argument, source)
    SELECT nextval('async.task_id_seq'), _flow_id, n.node_no, '00000000-0000-0000-0000-000000000000', n.routine,
           to_jsonb(n.node), r.flow
    FROM flow.run r
    CROSS JOIN unnest(_node_nos) u(node_no)
    JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.node_no = u.node_no
    WHERE r.flow_id = _flow_id
    RETURNING task_id
  )
  INSERT INTO async.result(task_id, status, ended, sqlstate, error)
  SELECT f.task_id, 'FAILED', clock_timestamp(), 'PF007', _error FROM failed f;
  RETURN ARRAY(SELECT ROW(_flow_id, u, 'FAILED', _error)::flow.change_t FROM unnest(_node_nos) u);
END;
$$;
COMMENT ON FUNCTION flow.fail_nodes(BIGINT, INT[], TEXT) IS 'Engine: records nodes that cannot run';
