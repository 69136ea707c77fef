CREATE OR REPLACE FUNCTION flow.end_routines(_results async.result_t[]) RETURNS flow.change_t[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The routines of nodes have ended. After success a node goes on to its steps; after failure the steps that it pushed
 * are stopped, and it ends with them.
 *
 * _results: the nodes' own tasks, and maybe steps, which are passed over.
 * Returns the nodes that end at once.
 * Writes what flow.begin_steps() and flow.condemn_nodes() do.
 */
#variable_conflict error
DECLARE
  going_on flow.change_t[];
  failing flow.change_t[];
  ending flow.change_t[];
BEGIN
  WITH after AS
  (
    SELECT ROW(r.owner_id, r.owner_item, CASE WHEN r.status = 'FINISHED' THEN coalesce(s.verdict, 'FINISHED') ELSE r.status END,
               CASE WHEN r.status <> 'FINISHED' THEN r.error END)::flow.change_t AS change,
           r.status = 'FINISHED' AND s.verdict IS NULL AS good,
           s.unfinished > 0 AS has_steps,
           s.unfinished > 0 OR coalesce(cardinality(n.steps), 0) > 0 AS will_have_steps
    FROM unnest(_results) r
    JOIN flow.run f ON f.flow_id = r.owner_id
    CROSS JOIN LATERAL (
      SELECT x.* FROM flow.definition_node x WHERE x.definition_id = f.definition_id AND x.node_no = r.owner_item OFFSET 0) n
    CROSS JOIN LATERAL flow.find_node_state(r.owner_id, r.owner_item) s
    WHERE NOT r.is_member
  )
  SELECT array_agg(a.change) FILTER (WHERE a.good AND a.will_have_steps),
         array_agg(a.change) FILTER (WHERE NOT a.good AND a.has_steps),
         array_agg(a.change) FILTER (WHERE NOT (CASE WHEN a.good THEN a.will_have_steps ELSE a.has_steps END))
  INTO going_on, failing, ending
  FROM after a;
  IF going_on IS NOT NULL THEN
    PERFORM flow.begin_steps(going_on);
  END IF;
  IF failing IS NOT NULL THEN
    PERFORM flow.condemn_nodes(failing, 'RUNNING_STEPS', 'its node failed');
    ending := coalesce(ending, '{}') || flow.find_done_nodes(failing);
  END IF;
  RETURN coalesce(ending, '{}');
END;
$$;
COMMENT ON FUNCTION flow.end_routines(async.result_t[]) IS 'Engine: lets nodes whose routine has ended go on or end';
