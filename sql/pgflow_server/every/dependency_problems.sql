CREATE OR REPLACE FUNCTION flow.dependency_problems(
  _nodes JSONB,
  _parents INT[],
  _children INT[],
  _parent_names TEXT[],
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with dependencies, but for cycles: their shape, parents that do not exist, repetitions.
 *
 * _nodes: all nodes that the flow is to have.
 * _parents, _children, _parent_names: its dependencies, see flow.configured_edges().
 * Returns a row a problem: number of the node, what is wrong; where a name is not known, that name and what it should be.
 */
  WITH item AS
  (
    SELECT n.no::INT AS no, d.no AS item_no, d.item
    FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS n(item, no)
    CROSS JOIN LATERAL jsonb_array_elements(
      CASE WHEN jsonb_typeof(n.item -> 'dependencies') = 'array' THEN n.item -> 'dependencies' ELSE '[]' END)
      WITH ORDINALITY AS d(item, no)
    -- few are left by this
    WHERE jsonb_typeof(d.item) <> 'object'
      OR jsonb_typeof(d.item -> 'parent') IS DISTINCT FROM 'string'
      OR coalesce(jsonb_typeof(d.item -> 'continue_on_failure'), 'null') NOT IN ('boolean', 'null')
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
  WHERE jsonb_typeof(i.item) = 'object' AND jsonb_typeof(i.item -> 'parent') IS DISTINCT FROM 'string'

  UNION ALL
  SELECT i.no, format('dependencies[%s]: continue_on_failure must be true or false, not %s', i.item_no,
    left((i.item -> 'continue_on_failure')::TEXT, 80)), NULL, NULL
  FROM item i
  WHERE coalesce(jsonb_typeof(i.item -> 'continue_on_failure'), 'null') NOT IN ('boolean', 'null')

  UNION ALL
  SELECT e.child_no, format('parent %s does not exist', to_json(e.parent)), e.parent, 'node'
  FROM unnest(_children, _parent_names, _parents) AS e(child_no, parent, parent_no)
  WHERE e.parent_no IS NULL
  GROUP BY e.child_no, e.parent

  UNION ALL
  SELECT e.child_no, 'depends on itself', NULL, NULL
  FROM unnest(_children, _parents) AS e(child_no, parent_no)
  WHERE e.child_no = e.parent_no
  GROUP BY e.child_no

  UNION ALL
  SELECT e.child_no,
    format('depends on %s %s', to_json(e.parent), CASE count(*) WHEN 2 THEN 'twice' ELSE count(*) || ' times' END), NULL, NULL
  FROM unnest(_children, _parent_names) AS e(child_no, parent)
  GROUP BY e.child_no, e.parent
  HAVING count(*) > 1
$$;

COMMENT ON FUNCTION flow.dependency_problems(JSONB, INT[], INT[], TEXT[]) IS
  'private: what is wrong with the dependencies of a configuration of a flow';
