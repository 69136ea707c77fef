CREATE OR REPLACE FUNCTION flow.create_flow(
  _flow TEXT,
  _arguments JSONB,
  _only_these_nodes TEXT[] DEFAULT NULL,
  _add_parents BOOL DEFAULT false,
  _add_children BOOL DEFAULT false,
  _parent_task_id BIGINT DEFAULT NULL,
  _force_priority INT DEFAULT NULL,
  flow_id OUT BIGINT) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Starts a run as flow.run_flow() does, under the name, and with the order of arguments, that the script version has.
 *
 * _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id: as flow.run_flow() takes them.
 * _force_priority: priority of the run, added to those of the nodes; null: 0.
 * Errors: those of flow.run_flow().
 * Writes what flow.run_flow() does.
 */
#variable_conflict error
BEGIN
  flow_id := flow.run_flow(
    _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id, coalesce(_force_priority, 0));
END;
$$;
COMMENT ON FUNCTION flow.create_flow(TEXT, JSONB, TEXT[], BOOL, BOOL, BIGINT, INT) IS
  'Starts a run of a flow: flow.run_flow() under the name that the script version has';
