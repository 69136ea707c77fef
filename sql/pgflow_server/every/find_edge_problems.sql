CREATE OR REPLACE FUNCTION flow.find_edge_problems(
  _parents INT[],
  _children INT[],
  _parent_names TEXT[],
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with dependencies, but for their shape and for cycles: parents that do not exist, and repetitions.
 *
 * _parents, _children, _parent_names: the dependencies of a configuration, see flow.extract_edges().
 * Returns a row a problem: number of the node, what is wrong; where a name is not known, that name and what it should
 *   be.
 */
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
HAVING count(*) > 1;
$$;
COMMENT ON FUNCTION flow.find_edge_problems(INT[], INT[], TEXT[]) IS
  'Engine: what is wrong with what dependencies in a configuration of a flow name';
