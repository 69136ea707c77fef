CREATE OR REPLACE FUNCTION flow.find_cycle_problems(
  _names TEXT[],
  _parents INT[],
  _children INT[],
  OUT place INT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The cycles among dependencies: at most ten, of each at most twenty names.
 *
 * _names: names of all nodes that the flow is to have, in order.
 * _parents, _children: its dependencies, see flow.extract_edges().
 * Returns a row a cycle: a place behind all nodes, and the path of the cycle, each node before the one that depends on
 *   it.
 */
SELECT
  cardinality(_names) + 1,
  'dependencies form a cycle: '
    || (
      SELECT string_agg(_names[p.node_no], ' -> ' ORDER BY p.no)
      FROM unnest(c.cycle[:20]) WITH ORDINALITY AS p(node_no, no))
    || CASE WHEN cardinality(c.cycle) > 20 THEN format(' -> (%s more)', cardinality(c.cycle) - 20) ELSE '' END
    || ' -> ' || _names[c.cycle[1]]
FROM flow.find_cycles(cardinality(_names), _parents, _children, 10) AS c(cycle);
$$;
COMMENT ON FUNCTION flow.find_cycle_problems(TEXT[], INT[], INT[]) IS 'Engine: the cycles in a configuration of a flow';
