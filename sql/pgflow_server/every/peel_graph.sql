CREATE OR REPLACE FUNCTION flow.peel_graph(_nodes INT, _parents INT[], _children INT[], _alive BOOL[])
RETURNS INT[] LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes nodes without parents away from a graph until none is left; what remains holds a cycle. In arrays, since this
 * needs the result of each step for the next: linear.
 *
 * _nodes: number of nodes.
 * _parents, _children: the edges, ordered by parent; null parents come last.
 * _alive: by edge, whether it counts.
 * Returns, by number of node, how many of its parents remain; null when no node remains.
 */
#variable_conflict error
DECLARE
  first_edge INT[] := flow.find_first_edges(_nodes, _parents);
  parents_left INT[] := array_fill(0, ARRAY[_nodes]);
  free INT[] := array_fill(0, ARRAY[_nodes]);
  freed INT := 0;
  edge INT;
BEGIN
  FOR e IN 1..cardinality(_parents) LOOP
    IF _alive[e] THEN
      parents_left[_children[e]] := parents_left[_children[e]] + 1;
    END IF;
  END LOOP;

  FOR n IN 1.._nodes LOOP
    IF parents_left[n] = 0 THEN
      freed := freed + 1;
      free[freed] := n;
    END IF;
  END LOOP;

  FOR taken IN 1.._nodes LOOP
    EXIT WHEN taken > freed;
    edge := first_edge[free[taken]];

    WHILE edge > 0 AND _parents[edge] = free[taken] LOOP
      IF _alive[edge] THEN
        parents_left[_children[edge]] := parents_left[_children[edge]] - 1;
        IF parents_left[_children[edge]] = 0 THEN
          freed := freed + 1;
          free[freed] := _children[edge];
        END IF;
      END IF;
      edge := edge + 1;
    END LOOP;
  END LOOP;

  RETURN CASE WHEN freed < _nodes THEN parents_left END;
END;
$$;
COMMENT ON FUNCTION flow.peel_graph(INT, INT[], INT[], BOOL[]) IS
  'Engine: what remains of a graph without the nodes that hang on no cycle';
