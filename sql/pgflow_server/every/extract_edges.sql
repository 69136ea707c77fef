CREATE OR REPLACE FUNCTION flow.extract_edges(
  _nodes JSONB,
  OUT parents INT[],
  OUT children INT[],
  OUT parent_names TEXT[],
  OUT continue_on_failure BOOL[]) RETURNS RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The dependencies of a configuration as arrays of equal length, ordered by number of the parent, then of the child.
 * Dependencies that name no parent are left out.
 *
 * _nodes: the nodes of the configuration; they have not been checked.
 * parents: null, and last, for a parent that does not exist.
 */
SELECT
  coalesce(array_agg(e.parent_no), '{}'),
  coalesce(array_agg(e.child_no), '{}'),
  coalesce(array_agg(e.parent), '{}'),
  coalesce(array_agg(e.continue_on_failure), '{}')
FROM
(
  SELECT
    n.no AS parent_no,
    c.no::INT AS child_no,
    d.item->>'parent' AS parent,
    d.item->'continue_on_failure' IS NOT DISTINCT FROM 'true' AS continue_on_failure
  FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS c(item, no)
  CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(c.item->'dependencies') = 'array' THEN c.item->'dependencies' ELSE '[]' END) AS d(item)
  LEFT JOIN
  (
    SELECT f.item->>'node' AS node, min(f.no)::INT AS no
    FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS f(item, no)
    GROUP BY 1
  ) n ON n.node = d.item->>'parent'
  WHERE jsonb_typeof(d.item->'parent') = 'string'
  ORDER BY 1, 2
) e;
$$;
COMMENT ON FUNCTION flow.extract_edges(JSONB) IS 'Engine: the dependencies of a configuration';
