CREATE OR REPLACE FUNCTION flow.configure_flow(_flow_name TEXT, _configuration JSONB, _append BOOL DEFAULT FALSE) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Creates or replaces a flow. A change makes a new version; runs keep the version that they started with. What the flow has
 * already makes none.
 *
 * _flow_name: name of the flow, at most 63 bytes.
 * _configuration: {"concurrency_group_routine", "mutexes", "nodes"}; the manual lists the keys of a node.
 * _append: merge it into the configuration that the flow has: nodes are told apart by name, keys that are given win, null brings
 *   a default back.
 * Errors: PF006, which names all that is wrong; nothing is changed then.
 * Writes: flow.definition and its parts, flow.flow. A lock on the latter lets one configuration follow the other; runs may start
 *   meanwhile.
 */
#variable_conflict error
DECLARE
  present RECORD;
  merged JSONB;
  edge RECORD;
  group_routine TEXT;
  new_id BIGINT;
BEGIN
  IF jsonb_typeof(_configuration) IS DISTINCT FROM 'object' THEN
    PERFORM async.raise_configuration_error(
      format('configuration of flow "%s" is not valid', left(_flow_name, 63)),
      ARRAY['it must be an object with the key nodes'], 1, NULL);
  END IF;

  LOCK TABLE flow.flow IN SHARE ROW EXCLUSIVE MODE;

  SELECT d.configuration, d.concurrency_group_routine INTO present
  FROM flow.flow f
  JOIN flow.definition d ON d.definition_id = f.definition_id
  WHERE f.flow = _flow_name;

  merged := CASE
    WHEN _append AND FOUND THEN flow.merge_configuration(present.configuration, _configuration)
    ELSE _configuration
  END;
  IF jsonb_typeof(merged -> 'nodes') IS DISTINCT FROM 'array' THEN
    merged := merged || '{"nodes": []}';
  END IF;

  SELECT e.* INTO edge FROM flow.configured_edges(merged -> 'nodes') AS e;
  PERFORM flow.check_configuration(_flow_name, _configuration, merged, edge.parents, edge.children, edge.parent_names);

  merged := merged - 'flow';
  IF merged ->> 'concurrency_group_routine' IS NOT NULL THEN
    group_routine := (SELECT f.routine FROM flow.find_group_routines(merged ->> 'concurrency_group_routine') AS f(routine));
  END IF;

  IF (merged, group_routine) IS NOT DISTINCT FROM (present.configuration, present.concurrency_group_routine) THEN
    RETURN;
  END IF;

  INSERT INTO flow.definition(flow, version, configuration, nodes, concurrency_group_routine)
  SELECT _flow_name, coalesce(max(d.version), 0) + 1, merged, jsonb_array_length(merged -> 'nodes'), group_routine
  FROM flow.definition d
  WHERE d.flow = _flow_name
  RETURNING definition_id INTO new_id;

  PERFORM flow.insert_nodes(new_id, merged -> 'nodes');
  PERFORM flow.insert_mutexes(new_id, merged -> 'mutexes');

  INSERT INTO flow.definition_edge(definition_id, parent_no, child_no, continue_on_failure)
  SELECT new_id, e.parent_no, e.child_no, e.continue_on_failure
  FROM unnest(edge.parents, edge.children, edge.continue_on_failure) AS e(parent_no, child_no, continue_on_failure);

  INSERT INTO flow.flow AS f(flow, definition_id)
  VALUES (_flow_name, new_id)
  ON CONFLICT (flow) DO UPDATE SET definition_id = EXCLUDED.definition_id;
END;
$$;

COMMENT ON FUNCTION flow.configure_flow(TEXT, JSONB, BOOL) IS
  'create or replace the definition of a flow, or merge into it';
