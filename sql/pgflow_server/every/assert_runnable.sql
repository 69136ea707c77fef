CREATE OR REPLACE FUNCTION flow.assert_runnable(_flow_id BIGINT, _parent_task_id BIGINT) RETURNS VOID
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses a run that would need what can be configured and is not run yet: better refused than run otherwise than it
 * was meant.
 *
 * _flow_id: the run, recorded already.
 * _parent_task_id: as flow.run_flow() got them.
 * Errors: 0A000, which names all of it.
 */
#variable_conflict error
DECLARE
  wanting TEXT;
BEGIN
  SELECT concat_ws(', ',
    CASE WHEN _parent_task_id IS NOT NULL THEN '_parent_task_id' END,
    CASE WHEN d.concurrency_group_routine IS NOT NULL THEN 'concurrency_group_routine' END,
    CASE WHEN bool_or(n.steps_to_flow IS NOT NULL) THEN 'steps_to_flow' END,
    CASE WHEN bool_or(n.node_timeout IS NOT NULL) THEN 'node_timeout' END,
    CASE WHEN bool_or(n.max_concurrency IS NOT NULL) THEN 'max_concurrency' END)
  INTO wanting
  FROM flow.run r
  JOIN flow.definition d ON d.definition_id = r.definition_id
  LEFT JOIN flow.definition_node n ON n.definition_id = r.definition_id
  WHERE r.flow_id = _flow_id
  GROUP BY d.definition_id;
  IF wanting <> '' THEN
    RAISE EXCEPTION 'not supported in this version: %', wanting USING ERRCODE = 'feature_not_supported';
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.assert_runnable(BIGINT, BIGINT) IS
  'Engine: refuses runs that need what is not there yet';
