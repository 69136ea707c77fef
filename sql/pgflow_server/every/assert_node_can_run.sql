CREATE OR REPLACE FUNCTION flow.assert_node_can_run(_flow_id BIGINT, _definition_id BIGINT, _node_no INT) RETURNS VOID
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses to restart a run from a node that would not run then.
 *
 * _flow_id, _definition_id, _node_no: the run and its node.
 * Errors: PF005 it was skipped, or a mandatory parent has failed.
 */
#variable_conflict error
DECLARE
  own_name TEXT := (
    SELECT n.node FROM flow.definition_node n WHERE n.definition_id = _definition_id AND n.node_no = _node_no);
  failed_parents TEXT;
BEGIN
  IF EXISTS (SELECT FROM flow.find_node_state(_flow_id, _node_no) s WHERE s.state = 'SKIPPED') THEN
    RAISE EXCEPTION 'node "%" is not among those that run % runs', own_name, _flow_id USING ERRCODE = 'PF005';
  END IF;
  SELECT string_agg(format('"%s"', n.node), ', ' ORDER BY n.node_no) INTO failed_parents
  FROM flow.definition_edge e
  CROSS JOIN LATERAL flow.find_node_state(_flow_id, e.parent_no) s
  JOIN flow.definition_node n ON n.definition_id = e.definition_id AND n.node_no = e.parent_no
  WHERE e.definition_id = _definition_id AND e.child_no = _node_no AND NOT e.continue_on_failure
    AND s.state NOT IN ('FINISHED', 'SKIPPED');
  IF failed_parents IS NOT NULL THEN
    RAISE EXCEPTION 'node "%" cannot run: before it failed %', own_name, failed_parents USING
      ERRCODE = 'PF005', HINT = 'Restart the run from there, or with _failed_only => true.';
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.assert_node_can_run(BIGINT, BIGINT, INT) IS
  'Engine: refuses to restart a run from a node that would not run';
