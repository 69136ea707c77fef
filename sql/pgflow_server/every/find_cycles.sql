CREATE OR REPLACE FUNCTION flow.find_cycles(_nodes INT, _parents INT[], _children INT[], _most INT) RETURNS SETOF INT[]
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cycles of a graph, no two with an edge in common, each as the numbers of its nodes from the smallest on. The time is linear:
 * nodes without parents are taken away until none is left, in arrays, since this needs the result of each step for the next.
 *
 * _nodes: number of nodes.
 * _parents, _children: the edges, ordered by parent, child; null parents come last. Repetitions and loops are passed over.
 * _most: stop after so many cycles.
 */
#variable_conflict error
DECLARE
  edges INT := cardinality(_parents);
  first_edge INT[] := array_fill(0, ARRAY[_nodes]);
  alive BOOL[] := array_fill(FALSE, ARRAY[edges]);
  unmet INT[] := array_fill(0, ARRAY[_nodes]);
  free INT[] := array_fill(0, ARRAY[_nodes]);
  freed INT := 0;
  taken INT := 0;
  parent INT;
  child INT;
  edge INT;
  cycle INT[];
BEGIN
  FOR e IN 1..edges LOOP
    parent := _parents[e];
    child := _children[e];
    EXIT WHEN parent IS NULL;

    IF first_edge[parent] = 0 THEN
      first_edge[parent] := e;
    END IF;
    IF parent <> child AND (e = 1 OR _parents[e - 1] <> parent OR _children[e - 1] <> child) THEN
      alive[e] := TRUE;
      unmet[child] := unmet[child] + 1;
    END IF;
  END LOOP;

  FOR n IN 1.._nodes LOOP
    IF unmet[n] = 0 THEN
      freed := freed + 1;
      free[freed] := n;
    END IF;
  END LOOP;

  FOR found IN 0.._most LOOP
    WHILE taken < freed LOOP
      taken := taken + 1;
      parent := free[taken];
      edge := first_edge[parent];

      WHILE edge > 0 AND edge <= edges AND _parents[edge] = parent LOOP
        IF alive[edge] THEN
          child := _children[edge];
          unmet[child] := unmet[child] - 1;
          IF unmet[child] = 0 THEN
            freed := freed + 1;
            free[freed] := child;
          END IF;
        END IF;
        edge := edge + 1;
      END LOOP;
    END LOOP;

    EXIT WHEN freed = _nodes OR found = _most;

    cycle := flow.trace_cycle(unmet, alive, _parents, _children);
    RETURN NEXT ARRAY(SELECT _parents[c.edge] FROM unnest(cycle) WITH ORDINALITY AS c(edge, no) ORDER BY c.no);

    FOREACH edge IN ARRAY cycle LOOP
      child := _children[edge];
      alive[edge] := FALSE;
      unmet[child] := unmet[child] - 1;
      IF unmet[child] = 0 THEN
        freed := freed + 1;
        free[freed] := child;
      END IF;
    END LOOP;
  END LOOP;
END;
$$;

COMMENT ON FUNCTION flow.find_cycles(INT, INT[], INT[], INT) IS
  'private: cycles of a graph';
