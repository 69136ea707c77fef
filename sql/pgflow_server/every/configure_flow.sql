CREATE OR REPLACE FUNCTION flow.configure_flow(
  _flow_name TEXT,
  _configuration JSONB,
  _append BOOL DEFAULT false) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Creates or replaces a flow. A change makes a new version; runs keep the version that they started with. What the flow
 * has already makes none.
 *
 * _flow_name: name of the flow, at most 63 bytes.
 * _configuration: an object with the key nodes, an array of an object a node; docs/reference.md has all keys.
 * _append: merge it into the configuration that the flow has: nodes are told apart by name, keys that are given win,
 *   mutexes are added to those that it has, null brings a default back.
 * Errors: PF006, which names all that is wrong; nothing is changed then.
 * Writes flow.flow, flow.definition and its parts; locks flow.flow, so that one configuration follows the other. Runs
 *   may start meanwhile.
 */
#variable_conflict error
DECLARE
  present RECORD;
  merged JSONB;
  edges RECORD;
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
  IF jsonb_typeof(merged->'nodes') IS DISTINCT FROM 'array' THEN
    merged := merged || '{"nodes": []}';
  END IF;

  SELECT e.* INTO edges FROM flow.extract_edges(merged->'nodes') AS e;
  PERFORM flow.check_configuration(_flow_name, _configuration, merged, edges.parents, edges.children, edges.parent_names);

  merged := merged - 'flow';
  IF merged->>'concurrency_group_routine' IS NOT NULL THEN
    group_routine := (SELECT f.routine FROM flow.find_group_routines(merged->>'concurrency_group_routine') AS f(routine));
  END IF;
  IF (merged, group_routine) IS NOT DISTINCT FROM (present.configuration, present.concurrency_group_routine) THEN
    RETURN;
  END IF;

  new_id := flow.insert_definition(
    _flow_name, merged, group_routine, edges.parents, edges.children, edges.continue_on_failure);
  INSERT INTO flow.flow AS f(flow, definition_id)
  VALUES (_flow_name, new_id)
  ON CONFLICT (flow) DO UPDATE SET definition_id = EXCLUDED.definition_id;
END;
$$;
COMMENT ON FUNCTION flow.configure_flow(TEXT, JSONB, BOOL) IS
  'Creates or replaces the definition of a flow, or merges into it';
