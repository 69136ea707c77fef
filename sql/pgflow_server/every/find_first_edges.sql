CREATE OR REPLACE FUNCTION flow.find_first_edges(_nodes INT, _parents INT[]) RETURNS INT[]
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * By number of node, the place of the first edge that leaves it; 0 where none does.
 *
 * _nodes: number of nodes.
 * _parents: by edge, the node that it leaves, in ascending order; null ones come last and are passed over.
 */
#variable_conflict error
DECLARE
  first_edge INT[] := array_fill(0, ARRAY[_nodes]);
BEGIN
  FOR e IN REVERSE cardinality(_parents)..1 LOOP
    IF _parents[e] IS NOT NULL THEN
      first_edge[_parents[e]] := e;
    END IF;
  END LOOP;
  RETURN first_edge;
END;
$$;
COMMENT ON FUNCTION flow.find_first_edges(INT, INT[]) IS 'Engine: the first edge of each node';
