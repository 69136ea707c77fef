CREATE OR REPLACE FUNCTION flow.list_known_names(_kind TEXT, _nodes TEXT[]) RETURNS TEXT[] LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The names that one that is not known may have meant.
 *
 * _kind: what is named, see the CASE below.
 * _nodes: names of the nodes of the flow.
 */
SELECT CASE _kind
  WHEN 'flow key' THEN ARRAY(SELECT jsonb_object_keys(flow.get_configuration_rules()->'flow'))
  WHEN 'node key' THEN ARRAY(SELECT jsonb_object_keys(flow.get_configuration_rules()->'node'))
  WHEN 'dependency key' THEN ARRAY['parent', 'continue_on_failure']
  WHEN 'node' THEN _nodes
  WHEN 'target' THEN ARRAY(SELECT t.target FROM async.target t)
  WHEN 'flow' THEN ARRAY(SELECT f.flow FROM flow.flow f)
  WHEN 'function' THEN ARRAY(SELECT flow.find_group_routines(NULL))
END;
$$;
COMMENT ON FUNCTION flow.list_known_names(TEXT, TEXT[]) IS
  'Engine: the names that one that is not known may have meant';
