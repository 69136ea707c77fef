CREATE OR REPLACE FUNCTION flow.walk_flow(
  _flow TEXT,
  OUT parent TEXT,
  OUT child TEXT,
  OUT path TEXT[],
  OUT depth INT) RETURNS SETOF RECORD LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The graph of a flow from its roots: each root once (without a parent), and each dependency once, however many ways
 * lead to it.
 *
 * _flow: name of the flow.
 * path: a shortest way from a root to the parent, and the child.
 * depth: number of dependencies on that way; 0 for a root.
 * Errors: PF001 unknown flow.
 */
#variable_conflict error
DECLARE
  walked BIGINT := flow.find_definition(_flow);
  names TEXT[] := ARRAY(SELECT n.node FROM flow.definition_node n WHERE n.definition_id = walked ORDER BY n.node_no);
  trail TEXT[] := ARRAY[]::TEXT[];
  step RECORD;
BEGIN
  -- Depth first, so that each path is the one before with its end replaced: hence a loop.
  FOR step IN SELECT w.parent_no, w.child_no, w.level, w.on_way FROM flow.walk_edges(walked) w LOOP
    depth := step.level;
    parent := names[step.parent_no];
    child := names[step.child_no];
    IF cardinality(trail) > depth THEN
      trail := trail[:depth];
    END IF;

    path := trail || child;
    RETURN NEXT;

    IF step.on_way THEN
      trail := trail || child;
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION flow.walk_flow(TEXT) IS
  'The graph of a flow from its roots: each dependency once, with a shortest way to it';
