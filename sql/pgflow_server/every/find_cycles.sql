CREATE OR REPLACE FUNCTION flow.find_cycles(_nodes INT, _parents INT[], _children INT[], _most INT)
RETURNS SETOF INT[] LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cycles of a graph, no two with an edge in common, each as the numbers of its nodes from the smallest on. The time is
 * linear for each.
 *
 * _nodes: number of nodes.
 * _parents, _children: the edges, ordered by parent, child; null parents come last. Repetitions and loops are passed over.
 * _most: stop after so many cycles.
 */
#variable_conflict error
DECLARE
  alive BOOL[] := array_fill(false, ARRAY[cardinality(_parents)]);
  left_over INT[];
  cycle INT[];
  edge INT;
BEGIN
  FOR e IN 1..cardinality(_parents) LOOP
    EXIT WHEN _parents[e] IS NULL;
    alive[e] := _parents[e] <> _children[e] AND (e = 1 OR _parents[e - 1] <> _parents[e] OR _children[e - 1] <> _children[e]);
  END LOOP;

  FOR found IN 1.._most LOOP
    left_over := flow.peel_graph(_nodes, _parents, _children, alive);
    EXIT WHEN left_over IS NULL;

    cycle := flow.trace_cycle(left_over, alive, _parents, _children);
    RETURN NEXT ARRAY(SELECT _parents[c.edge] FROM unnest(cycle) WITH ORDINALITY AS c(edge, no) ORDER BY c.no);

    FOREACH edge IN ARRAY cycle LOOP
      alive[edge] := false;
    END LOOP;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION flow.find_cycles(INT, INT[], INT[], INT) IS 'Engine: cycles of a graph';
