CREATE OR REPLACE FUNCTION flow.find_dependency_problems(
  _nodes JSONB,
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the shape of dependencies, each for itself.
 *
 * _nodes: all nodes that the flow is to have.
 * Returns a row a problem: number of the node, what is wrong; where a key is not known, that key and what it should be.
 */
WITH item AS
(
  SELECT n.no::INT AS no, d.no AS item_no, d.item
  FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS n(item, no)
  CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(n.item->'dependencies') = 'array' THEN n.item->'dependencies' ELSE '[]' END)
    WITH ORDINALITY AS d(item, no)
  -- few are left by this
  WHERE jsonb_typeof(d.item) <> 'object'
    OR jsonb_typeof(d.item->'parent') IS DISTINCT FROM 'string'
    OR coalesce(jsonb_typeof(d.item->'continue_on_failure'), 'null') NOT IN ('boolean', 'null')
    OR d.item - ARRAY['parent', 'continue_on_failure'] <> '{}'
)
SELECT i.no, format('dependencies[%s] must be an object, as in {"parent": "name"}', i.item_no), NULL, NULL
FROM item i
WHERE jsonb_typeof(i.item) <> 'object'

UNION ALL
SELECT i.no, format('dependencies[%s]: unknown key %s', i.item_no, to_json(k.key)), k.key, 'dependency key'
FROM item i
CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN jsonb_typeof(i.item) = 'object' THEN i.item ELSE '{}' END) AS k(key)
WHERE k.key NOT IN ('parent', 'continue_on_failure')

UNION ALL
SELECT i.no, format('dependencies[%s]: parent must be the name of a node', i.item_no), NULL, NULL
FROM item i
WHERE jsonb_typeof(i.item) = 'object' AND jsonb_typeof(i.item->'parent') IS DISTINCT FROM 'string'

UNION ALL
SELECT i.no, format('dependencies[%s]: continue_on_failure must be true or false, not %s', i.item_no,
  left((i.item->'continue_on_failure')::TEXT, 80)), NULL, NULL
FROM item i
WHERE coalesce(jsonb_typeof(i.item->'continue_on_failure'), 'null') NOT IN ('boolean', 'null');
$$;
COMMENT ON FUNCTION flow.find_dependency_problems(JSONB) IS
  'Engine: what is wrong with the shape of dependencies in a configuration of a flow';
