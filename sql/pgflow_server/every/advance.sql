CREATE OR REPLACE FUNCTION flow.advance(_resolved flow.change_t[], _entered flow.change_t[] DEFAULT '{}') RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Carries the end of nodes (_resolved, with the state in which they end) down the graphs: children whose parents have all
 * resolved begin or are DOA, and so on through nodes that have nothing to do. _entered: nodes that may begin anyhow.
 * The cost is that of the edges passed. Writes flow.node_state, flow.run_state, async.task.
 */
DECLARE
  resolved flow.change_t[] := _resolved;
  entered flow.change_t[] := _entered;
  ended flow.change_t[] := '{}';
BEGIN
  LOOP
    IF cardinality(resolved) > 0 THEN
      PERFORM flow.record_ends(resolved);
      ended := ended || resolved;
      entered := entered || flow.release_children(resolved);
    END IF;
    EXIT WHEN cardinality(entered) = 0;
    resolved := flow.enter_nodes(entered);
    entered := '{}';
    EXIT WHEN cardinality(resolved) = 0;
  END LOOP;
  PERFORM flow.count_ends(ended);
END;
$$;
COMMENT ON FUNCTION flow.advance(flow.change_t[], flow.change_t[]) IS 'Engine: carries the end of nodes down their graphs';
