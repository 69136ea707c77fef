CREATE OR REPLACE FUNCTION flow.insert_definition(
  _flow_name TEXT,
  _configuration JSONB,
  _group_routine TEXT,
  _parents INT[],
  _children INT[],
  _continue_on_failure BOOL[]) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Stores the next version of a flow.
 *
 * _flow_name: name of the flow.
 * _configuration: its whole configuration, which has been checked.
 * _group_routine: its concurrency_group_routine, schema-qualified and quoted, or null.
 * _parents, _children, _continue_on_failure: its dependencies, see flow.extract_edges().
 * Returns the number of the new definition.
 * Writes flow.definition, flow.definition_node, flow.definition_mutex, flow.definition_edge.
 */
#variable_conflict error
DECLARE
  new_id BIGINT;
BEGIN
  INSERT INTO flow.definition(flow, version, configuration, nodes, concurrency_group_routine)
  SELECT _flow_name, coalesce(max(d.version), 0) + 1, _configuration, jsonb_array_length(_configuration->'nodes'),
         _group_routine
  FROM flow.definition d
  WHERE d.flow = _flow_name
  RETURNING definition_id INTO new_id;

  PERFORM flow.insert_nodes(new_id, _configuration->'nodes', _configuration->'mutexes');
  PERFORM flow.insert_mutexes(new_id, _configuration->'mutexes');

  INSERT INTO flow.definition_edge(definition_id, parent_no, child_no, continue_on_failure)
  SELECT new_id, e.parent_no, e.child_no, e.continue_on_failure
  FROM unnest(_parents, _children, _continue_on_failure) AS e(parent_no, child_no, continue_on_failure);
  RETURN new_id;
END;
$$;
COMMENT ON FUNCTION flow.insert_definition(TEXT, JSONB, TEXT, INT[], INT[], BOOL[]) IS
  'Engine: stores the next version of a flow';
