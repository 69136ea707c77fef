CREATE OR REPLACE FUNCTION flow.trace_cycle(_unmet INT[], _alive BOOL[], _parents INT[], _children INT[]) RETURNS INT[]
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One cycle of a graph of which all nodes have been taken away that hang on none, as the numbers of its edges, from the one that
 * leaves its smallest node on.
 *
 * _unmet: by node, how many of its parents are left; 0 for a node that was taken away. At least one is left.
 * _alive: by edge, whether it counts.
 * _parents, _children: by edge, its nodes.
 */
#variable_conflict error
DECLARE
  way_back INT[] := array_fill(0, ARRAY[cardinality(_unmet)]);
  seen INT[] := way_back;
  trail INT[] := ARRAY[]::INT[];
  node INT;
  smallest INT;
BEGIN
  -- every node that is left has a parent that is left
  FOR e IN REVERSE cardinality(_parents)..1 LOOP
    IF _alive[e] AND _unmet[_parents[e]] > 0 AND _unmet[_children[e]] > 0 THEN
      way_back[_children[e]] := e;
      node := _children[e];
    END IF;
  END LOOP;

  -- so the way back from any of them comes to a node for the second time
  WHILE seen[node] = 0 LOOP
    trail := trail || way_back[node];
    seen[node] := cardinality(trail);
    node := _parents[way_back[node]];
  END LOOP;

  trail := trail[seen[node]:];
  smallest := (SELECT t.no::INT FROM unnest(trail) WITH ORDINALITY AS t(edge, no) ORDER BY _parents[t.edge] LIMIT 1);

  RETURN ARRAY(
    SELECT t.edge
    FROM unnest(trail) WITH ORDINALITY AS t(edge, no)
    ORDER BY t.no > smallest, t.no DESC);
END;
$$;

COMMENT ON FUNCTION flow.trace_cycle(INT[], BOOL[], INT[], INT[]) IS
  'private: the edges of one cycle of a graph';
