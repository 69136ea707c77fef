CREATE OR REPLACE FUNCTION flow.find_shortest_ways(_roots INT[], _nodes INT, _parents INT[], _children INT[])
RETURNS INT[] LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * By number of node, the parent that comes before it on a shortest way from a root; 0 for a root. Breadth first, in
 * arrays, since each step needs the result of the one before: linear, whatever the number of ways.
 *
 * _roots: nodes without a parent.
 * _nodes: number of nodes.
 * _parents, _children: the edges of a graph without cycles, ordered by parent.
 */
#variable_conflict error
DECLARE
  first_edge INT[] := flow.find_first_edges(_nodes, _parents);
  ways INT[] := array_fill(-1, ARRAY[_nodes]);
  reached INT[] := _roots || array_fill(0, ARRAY[_nodes - cardinality(_roots)]);
  found INT := cardinality(_roots);
  edge INT;
  child INT;
BEGIN
  FOR r IN 1..found LOOP
    ways[_roots[r]] := 0;
  END LOOP;

  FOR r IN 1.._nodes LOOP
    edge := first_edge[reached[r]];

    WHILE edge > 0 AND _parents[edge] = reached[r] LOOP
      child := _children[edge];
      IF ways[child] = -1 THEN
        ways[child] := reached[r];
        found := found + 1;
        reached[found] := child;
      END IF;
      edge := edge + 1;
    END LOOP;
  END LOOP;

  RETURN ways;
END;
$$;
COMMENT ON FUNCTION flow.find_shortest_ways(INT[], INT, INT[], INT[]) IS
  'Engine: the tree of shortest ways from the roots of a graph';
