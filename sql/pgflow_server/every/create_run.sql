CREATE OR REPLACE FUNCTION flow.create_run(
  _flow TEXT,
  _arguments JSONB,
  _only_these_nodes TEXT[],
  _add_parents BOOL,
  _add_children BOOL,
  _parent_task_id BIGINT,
  _priority INT) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The server's part of flow.run_flow(): records the run in the caller's transaction and asks for its start.
 *
 * _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id, _priority: as flow.run_flow() got
 *   them.
 * Errors: PF001 unknown flow, PF003 unknown nodes, 0A000 what this version does not run.
 * Writes flow.run, flow.open_run, flow.arguments, async.request; locks the rows of flow.flow
 *   and flow.definition against flow.drop_flow() and flow.forget_definitions().
 */
#variable_conflict error
DECLARE
  new_id BIGINT := nextval('flow.flow_id_seq');
BEGIN
  INSERT INTO flow.run(flow_id, flow, definition_id, arguments, priority, parent_task_id, chosen)
  SELECT new_id, f.flow, f.definition_id, _arguments, coalesce(_priority, 0), _parent_task_id,
         flow.choose_nodes(f.definition_id, _only_these_nodes, _add_parents, _add_children)
  FROM flow.flow f JOIN flow.definition d ON d.definition_id = f.definition_id
  WHERE f.flow = _flow FOR KEY SHARE;
  IF NOT FOUND THEN
    PERFORM flow.raise_unknown_flow(_flow);
  END IF;
  PERFORM flow.assert_runnable(new_id, _parent_task_id);
  INSERT INTO flow.open_run(flow_id, flow) VALUES (new_id, _flow);
  PERFORM flow.remember_arguments(new_id, _flow, _arguments);
  PERFORM async.add_request('flow.run', jsonb_build_object('flow_id', new_id));
  RETURN new_id;
END;
$$;
COMMENT ON FUNCTION flow.create_run(TEXT, JSONB, TEXT[], BOOL, BOOL, BIGINT, INT) IS
  'Engine: records a run and asks for its start';
