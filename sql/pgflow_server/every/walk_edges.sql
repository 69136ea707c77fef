CREATE OR REPLACE FUNCTION flow.walk_edges(
  _definition_id BIGINT,
  OUT parent_no INT,
  OUT child_no INT,
  OUT level INT,
  OUT on_way BOOL) RETURNS SETOF RECORD LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The roots and the edges of a definition, depth first along the tree of shortest ways: an edge of that tree is
 * followed by what hangs on its child, until the level falls again.
 *
 * _definition_id: the definition.
 * parent_no: null for a root.
 * child_no: the root, or the child.
 * level: number of edges from a root to the child by way of this one.
 * on_way: the edge is one of the tree.
 */
#variable_conflict error
DECLARE
  node_count INT := (SELECT d.nodes FROM flow.definition d WHERE d.definition_id = _definition_id);
  roots INT[] := ARRAY(
    SELECT n.node_no FROM flow.definition_node n WHERE n.definition_id = _definition_id AND n.parents = 0 ORDER BY n.node_no);
  edge_parents INT[];
  edge_children INT[];
  ways INT[];
  last_edge INT[] := array_fill(0, ARRAY[node_count]);
  levels INT[] := last_edge;
  waiting INT[];
  top INT := 0;
  edge INT;
BEGIN
  SELECT coalesce(array_agg(o.parent_no), '{}'), coalesce(array_agg(o.child_no), '{}') INTO edge_parents, edge_children
  FROM (SELECT e.parent_no, e.child_no FROM flow.definition_edge e WHERE e.definition_id = _definition_id ORDER BY 1, 2) o;

  ways := flow.find_shortest_ways(roots, node_count, edge_parents, edge_children);
  waiting := array_fill(0, ARRAY[cardinality(roots) + cardinality(edge_parents)]);

  FOR e IN 1..cardinality(edge_parents) LOOP
    last_edge[edge_parents[e]] := e;
  END LOOP;
  -- edges wait by their number, roots by theirs with a minus
  FOR r IN REVERSE cardinality(roots)..1 LOOP
    top := top + 1;
    waiting[top] := -roots[r];
  END LOOP;

  WHILE top > 0 LOOP
    edge := waiting[top];
    top := top - 1;
    parent_no := CASE WHEN edge > 0 THEN edge_parents[edge] END;
    child_no := CASE WHEN edge > 0 THEN edge_children[edge] ELSE -edge END;
    level := coalesce(levels[parent_no] + 1, 0);
    on_way := ways[child_no] = coalesce(parent_no, 0);
    RETURN NEXT;

    IF on_way THEN
      levels[child_no] := level;
      edge := last_edge[child_no];

      WHILE edge > 0 AND edge_parents[edge] = child_no LOOP
        top := top + 1;
        waiting[top] := edge;
        edge := edge - 1;
      END LOOP;
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION flow.walk_edges(BIGINT) IS 'Engine: the edges of a definition in the order of flow.walk_flow()';
