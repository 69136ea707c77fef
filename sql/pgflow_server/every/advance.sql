CREATE OR REPLACE FUNCTION flow.advance(_resolved flow.change_t[], _entered flow.change_t[] DEFAULT '{}')
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Carries the end of nodes down the graphs: children whose parents have all resolved begin or are DOA, and so on
 * through nodes that have nothing to do; nodes that have waited for their mutexes begin. The cost is that of the edges
 * passed.
 *
 * _resolved: nodes that end, with the state in which they do.
 * _entered: nodes that may begin anyhow.
 * Writes what flow.record_ends(), flow.release_children(), flow.enter_nodes() and flow.count_ends() do.
 */
#variable_conflict error
DECLARE
  resolved flow.change_t[] := _resolved;
  entering flow.change_t[] := _entered;
  all_resolved flow.change_t[] := '{}'::flow.change_t[];
BEGIN
  LOOP
    IF cardinality(resolved) > 0 THEN
      entering := entering || flow.record_ends(resolved);
      all_resolved := all_resolved || resolved;
      entering := entering || flow.release_children(resolved);
    END IF;
    EXIT WHEN cardinality(entering) = 0;
    resolved := flow.enter_nodes(entering);
    entering := '{}'::flow.change_t[];
    EXIT WHEN cardinality(resolved) = 0;
  END LOOP;
  PERFORM flow.count_ends(all_resolved);
END;
$$;
COMMENT ON FUNCTION flow.advance(flow.change_t[], flow.change_t[]) IS
  'Engine: carries the end of nodes down their graphs';
