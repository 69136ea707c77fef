CREATE OR REPLACE FUNCTION flow.release_children(_resolved flow.change_t[]) RETURNS flow.change_t[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Counts resolved parents off their children. Children of a canceled run have ended already. A SKIPPED node that has no
 * parent left to wait for is counted off its own children in turn: so the order holds across it.
 *
 * _resolved: the parents, with the state in which they ended.
 * Returns the children that have no parent left to wait for.
 * Writes flow.node_state.
 */
#variable_conflict error
DECLARE
  resolved flow.change_t[] := _resolved;
  released flow.change_t[] := '{}'::flow.change_t[];
  begun flow.change_t[];
BEGIN
  LOOP
    WITH met AS
    (
      SELECT c.flow_id, r.definition_id, e.child_no, count(*) AS parents,
             bool_or(NOT e.continue_on_failure AND c.state NOT IN ('FINISHED', 'SKIPPED')) AS spoiled
      FROM unnest(resolved) c
      JOIN flow.run r ON r.flow_id = c.flow_id
      CROSS JOIN LATERAL (
        SELECT x.* FROM flow.definition_edge x WHERE x.definition_id = r.definition_id AND x.parent_no = c.node_no OFFSET 0) e
      GROUP BY c.flow_id, r.definition_id, e.child_no
    ), counted AS
    (
      INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, resumed)
      SELECT m.flow_id, m.child_no, coalesce(s.state, 'PENDING'), coalesce(s.unmet, n.parents) - m.parents,
             s.state IS DISTINCT FROM 'SKIPPED' AND (m.spoiled OR coalesce(s.spoiled, false)),
             coalesce(s.steps, 0), coalesce(s.unfinished, 0), 0, 0, coalesce(s.resumed, false)
      FROM met m
      CROSS JOIN LATERAL (
        SELECT x.* FROM flow.definition_node x WHERE x.definition_id = m.definition_id AND x.node_no = m.child_no OFFSET 0) n
      LEFT JOIN LATERAL flow.find_node_state(m.flow_id, m.child_no) s ON true
      WHERE coalesce(s.state, 'PENDING') IN ('PENDING', 'SKIPPED')
      RETURNING flow_id, node_no, unmet, state
    )
    SELECT array_agg(ROW(c.flow_id, c.node_no, NULL, NULL)::flow.change_t ORDER BY c.flow_id, c.node_no)
             FILTER (WHERE c.state = 'PENDING'),
           array_agg(ROW(c.flow_id, c.node_no, 'SKIPPED', NULL)::flow.change_t) FILTER (WHERE c.state = 'SKIPPED')
    INTO begun, resolved
    FROM counted c WHERE c.unmet = 0;
    released := released || begun;
    EXIT WHEN resolved IS NULL;
  END LOOP;
  RETURN released;
END;
$$;
COMMENT ON FUNCTION flow.release_children(flow.change_t[]) IS 'Engine: counts resolved parents off their children';
