CREATE OR REPLACE FUNCTION flow.enter_nodes(_entered flow.change_t[]) RETURNS flow.change_t[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Begins nodes whose parents have all resolved. Those with a routine are queued; those without one, or whose routine has
 * finished before the run was restarted, go on to their steps. Those that a mutex holds back go on waiting.
 *
 * _entered: the nodes.
 * Returns those that end at once: DOA after a mandatory parent failed, FINISHED where there is nothing to do, FAILED where
 *   the target is not there any more.
 * Writes flow.node_state, and what flow.claim_mutexes(), flow.queue_nodes() and flow.begin_steps() do.
 */
#variable_conflict error
DECLARE
  begun flow.change_t[];
  steps_only flow.change_t[];
  ending flow.change_t[];
  claiming flow.change_t[];
  waiting flow.change_t[];
BEGIN
  SELECT array_agg(c) FILTER (WHERE NOT coalesce(s.spoiled, false) AND NOT (n.empty OR coalesce(s.resumed, false))),
         array_agg(c) FILTER (WHERE NOT coalesce(s.spoiled, false) AND (n.empty OR s.resumed)
                                AND (cardinality(n.steps) > 0 OR s.unfinished > 0)),
         array_agg(ROW(c.flow_id, c.node_no, CASE WHEN s.spoiled THEN 'DOA' ELSE 'FINISHED' END, NULL)::flow.change_t)
           FILTER (WHERE coalesce(s.spoiled, false)
                      OR (n.empty OR s.resumed) AND NOT coalesce(cardinality(n.steps) > 0, false)
                        AND NOT coalesce(s.unfinished > 0, false)),
         array_agg(c) FILTER (WHERE n.mutexes > 0 AND NOT coalesce(s.spoiled, false)
                                AND (NOT (n.empty OR coalesce(s.resumed, false))
                                     OR cardinality(n.steps) > 0 OR s.unfinished > 0))
  INTO begun, steps_only, ending, claiming
  FROM unnest(_entered) c
  JOIN flow.run r ON r.flow_id = c.flow_id
  CROSS JOIN LATERAL (
      SELECT x.* FROM flow.definition_node x WHERE x.definition_id = r.definition_id AND x.node_no = c.node_no OFFSET 0) n
  LEFT JOIN LATERAL flow.find_node_state(c.flow_id, c.node_no) s ON true;

  IF claiming IS NOT NULL THEN
    waiting := flow.claim_mutexes(claiming);
    begun := nullif(ARRAY(SELECT b FROM unnest(begun) b WHERE NOT b = ANY(waiting)), '{}');
    steps_only := nullif(ARRAY(SELECT b FROM unnest(steps_only) b WHERE NOT b = ANY(waiting)), '{}');
  END IF;
  IF begun IS NOT NULL THEN
    INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled)
    SELECT c.flow_id, c.node_no, 'READY', 0, false, coalesce(s.steps, 0), coalesce(s.unfinished, 0), 0, 0
    FROM unnest(begun) c LEFT JOIN LATERAL flow.find_node_state(c.flow_id, c.node_no) s ON true;
    ending := ending || flow.queue_nodes(begun);
  END IF;
  IF steps_only IS NOT NULL THEN
    PERFORM flow.begin_steps(steps_only);
  END IF;
  RETURN coalesce(ending, '{}');
END;
$$;
COMMENT ON FUNCTION flow.enter_nodes(flow.change_t[]) IS 'Engine: begins nodes whose parents have all resolved';
