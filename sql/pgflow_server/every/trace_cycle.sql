CREATE OR REPLACE FUNCTION flow.trace_cycle(_left_over INT[], _alive BOOL[], _parents INT[], _children INT[])
RETURNS INT[] LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One cycle of what remains of a graph after flow.peel_graph(), as the numbers of its edges, from the one that leaves
 * its smallest node on.
 *
 * _left_over: by node, how many of its parents remain; 0 for a node that was taken away. At least one is left.
 * _alive: by edge, whether it counts.
 * _parents, _children: by edge, its nodes.
 */
#variable_conflict error
DECLARE
  way_back INT[] := array_fill(0, ARRAY[cardinality(_left_over)]);
  met_at INT[] := way_back;
  trail INT[] := ARRAY[]::INT[];
  here INT;
  smallest INT;
BEGIN
  -- every node that is left has a parent that is left
  FOR e IN REVERSE cardinality(_parents)..1 LOOP
    IF _alive[e] AND _left_over[_parents[e]] > 0 AND _left_over[_children[e]] > 0 THEN
      way_back[_children[e]] := e;
      here := _children[e];
    END IF;
  END LOOP;

  -- so the way back from any of them comes to a node for the second time
  WHILE met_at[here] = 0 LOOP
    trail := trail || way_back[here];
    met_at[here] := cardinality(trail);
    here := _parents[way_back[here]];
  END LOOP;

  trail := trail[met_at[here]:];
  smallest := (SELECT t.no::INT FROM unnest(trail) WITH ORDINALITY AS t(edge, no) ORDER BY _parents[t.edge] LIMIT 1);

  RETURN ARRAY(
    SELECT t.edge
    FROM unnest(trail) WITH ORDINALITY AS t(edge, no)
    ORDER BY t.no > smallest, t.no DESC);
END;
$$;
COMMENT ON FUNCTION flow.trace_cycle(INT[], BOOL[], INT[], INT[]) IS 'Engine: the edges of one cycle of a graph';
