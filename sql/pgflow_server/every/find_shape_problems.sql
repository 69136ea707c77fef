CREATE OR REPLACE FUNCTION flow.find_shape_problems(
  _flow_name TEXT,
  _given JSONB,
  _nodes JSONB,
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the shape of a configuration of a flow, and with each of its keys for itself.
 *
 * _flow_name, _given: what flow.configure_flow() was given; the latter an object.
 * _nodes: all nodes that the flow is to have.
 * Returns a row a problem: number of the node or 0, what is wrong; where a name is not known, that name and what it
 *   should be.
 */
SELECT 0, 'the name of a flow must have 1 to 63 bytes, and no control characters, "=" or space around it', NULL, NULL
WHERE NOT coalesce(async.is_label(_flow_name), false)

UNION ALL
SELECT 0, format('flow %s is not the flow that is configured', _given->'flow'), NULL, NULL
WHERE _given->>'flow' <> _flow_name AND jsonb_typeof(_given->'flow') = 'string'

UNION ALL
SELECT 0, p.problem, p.unknown_key, 'flow key'
FROM async.check_keys(
  -- the nodes are many, and looked at below
  jsonb_build_array(_given - CASE jsonb_typeof(_given->'nodes') WHEN 'array' THEN 'nodes' ELSE '' END),
  flow.get_configuration_rules()->'flow',
  true) AS p

UNION ALL
SELECT 0, 'there are no nodes', NULL, NULL
WHERE jsonb_array_length(_nodes) = 0 AND coalesce(jsonb_typeof(_given->'nodes'), 'null') IN ('array', 'null')

UNION ALL
SELECT
  0,
  format(
    CASE WHEN jsonb_typeof(n.item) = 'object' THEN 'nodes[%s] has no key "node"' ELSE 'nodes[%s] is not an object' END,
    n.no),
  NULL,
  NULL
FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_given->'nodes') = 'array' THEN _given->'nodes' ELSE '[]' END)
  WITH ORDINALITY AS n(item, no)
WHERE coalesce(jsonb_typeof(n.item->'node'), 'null') = 'null'

UNION ALL
SELECT p.object_no, p.problem, p.unknown_key, 'node key'
FROM async.check_keys(_nodes, flow.get_configuration_rules()->'node', true) AS p;
$$;
COMMENT ON FUNCTION flow.find_shape_problems(TEXT, JSONB, JSONB) IS
  'Engine: what is wrong with the keys of a configuration of a flow';
