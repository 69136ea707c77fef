CREATE OR REPLACE FUNCTION flow.find_nodes_to_restart(
  _flow_id BIGINT,
  _definition_id BIGINT,
  _node TEXT,
  _failed_only BOOL) RETURNS flow.change_t[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * The nodes that a restart runs again, each with how: ANEW, from nothing; AGAIN, but for steps that have finished; RESUMED,
 * the same without its routine, which has finished; SKIPPED, not at all, but its children wait as they did at first.
 *
 * _flow_id, _definition_id: the run; _node, _failed_only: as flow.restart_flow() got them.
 * Errors: PF005 nothing that failed, a node that was skipped or has a failed parent that is not run again.
 */
#variable_conflict error
DECLARE
  first_no INT := (SELECT n.node_no FROM flow.definition_node n WHERE n.definition_id = _definition_id AND n.node = _node);
  below INT[] := CASE WHEN first_no IS NOT NULL THEN flow.find_nodes_around(_definition_id, ARRAY[first_no], false, true) END;
BEGIN
  IF _failed_only THEN
    below := ARRAY(
      SELECT n.node_no
      FROM flow.definition_node n
      CROSS JOIN LATERAL flow.find_node_state(_flow_id, n.node_no) s
      WHERE n.definition_id = _definition_id AND s.state IN ('FAILED', 'TIMED_OUT', 'CANCELED', 'DOA')
        AND (_node IS NULL OR n.node_no IN (SELECT unnest(below))));
    IF cardinality(below) = 0 THEN
      RAISE EXCEPTION 'nothing has failed in run %', concat(_flow_id, ' from node "' || _node || '" down')
        USING ERRCODE = 'PF005';
    END IF;
    below := flow.find_nodes_around(_definition_id, below, false, true);
  ELSIF _node IS NOT NULL THEN
    PERFORM flow.assert_node_can_run(_flow_id, _definition_id, first_no);
  END IF;

  RETURN ARRAY(
    SELECT ROW(_flow_id, n.node_no, CASE
      WHEN s.state = 'SKIPPED' THEN 'SKIPPED'
      WHEN NOT _failed_only OR s.state = 'FINISHED' THEN 'ANEW'
      WHEN EXISTS (
        SELECT FROM async.task t JOIN async.result r ON r.task_id = t.task_id
        WHERE t.owner_id = _flow_id AND t.owner_item = n.node_no AND t.key = '00000000-0000-0000-0000-000000000000'
          AND r.status = 'FINISHED') THEN 'RESUMED'
      ELSE 'AGAIN' END, NULL)::flow.change_t
    FROM flow.definition_node n
    LEFT JOIN LATERAL flow.find_node_state(_flow_id, n.node_no) s ON true
    WHERE n.definition_id = _definition_id AND (below IS NULL OR n.node_no IN (SELECT unnest(below)))
    ORDER BY n.node_no);
END;
$$;
COMMENT ON FUNCTION flow.find_nodes_to_restart(BIGINT, BIGINT, TEXT, BOOL) IS
  'Engine: the nodes that a restart runs again, and how';
