CREATE OR REPLACE FUNCTION flow.find_order_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The state of a node follows from those of its parents: it waits while one of them has not ended, begins when all have,
 * runs if no mandatory one failed, and is DOA otherwise. Nodes of a canceled run that had not begun are CANCELED. A SKIPPED
 * node has not ended for its children before its parents have.
 *
 * Returns a row a problem.
 */
WITH node AS
(
  SELECT n.* FROM flow.list_node_states() n
), parents AS
(
  SELECT c.flow_id, c.node_no, count(*) FILTER (WHERE p.ended IS NULL) AS unmet, max(p.ended) AS met,
         bool_or(p.state = 'CANCELED') AS canceled,
         coalesce(bool_or(NOT e.continue_on_failure AND p.state NOT IN ('FINISHED', 'SKIPPED'))
                    FILTER (WHERE p.ended IS NOT NULL), false) AS spoiled
  FROM node c
  JOIN flow.definition_edge e ON e.definition_id = c.definition_id AND e.child_no = c.node_no
  JOIN node p ON p.flow_id = c.flow_id AND p.node_no = e.parent_no
  GROUP BY c.flow_id, c.node_no
), judged AS
(
  SELECT n.*, m.flow_id IS NOT NULL AS has_claim, coalesce(p.unmet, 0) AS open_parents, coalesce(p.spoiled, false) AS is_spoiled,
         coalesce(n.began < p.met, false) AS too_early,
         coalesce(p.canceled, false) AS is_under_canceled
  FROM node n
  LEFT JOIN parents p ON p.flow_id = n.flow_id AND p.node_no = n.node_no
  LEFT JOIN flow.mutex_claim m ON m.flow_id = n.flow_id AND m.node_no = n.node_no
)
SELECT x.check_name, j.name, x.message
FROM judged j
CROSS JOIN LATERAL (
  VALUES
    ('node_ended_twice', CASE WHEN j.ends > 1 THEN format('has ended %s times', j.ends) END),
    ('parent_counter',
     CASE WHEN j.state = 'PENDING' AND (j.unmet, j.spoiled) IS DISTINCT FROM (j.open_parents::INT, j.is_spoiled) THEN
       format('counts %s unresolved parents%s, and has %s%s', j.unmet, CASE WHEN j.spoiled THEN ', spoiled' END,
              j.open_parents, CASE WHEN j.is_spoiled THEN ', spoiled' END)
          WHEN j.state = 'SKIPPED' AND j.unmet <> j.open_parents AND NOT j.is_under_canceled THEN
       format('is SKIPPED, counts %s unresolved parents, and has %s', j.unmet, j.open_parents) END),
    ('node_left_waiting',
     CASE WHEN j.state = 'PENDING' AND j.open_parents = 0 AND NOT j.has_claim THEN
       'is PENDING, and all its parents have ended' END),
    ('node_began_early',
     CASE WHEN j.began IS NOT NULL AND (j.open_parents > 0 OR j.too_early) THEN
       format('is %s, and began before all its parents had ended', j.state) END),
    ('node_ran_in_spite',
     CASE WHEN j.is_spoiled AND j.began IS NOT NULL AND j.state <> 'DOA' THEN
       format('is %s, and a mandatory parent failed', j.state) END),
    ('node_doa_for_nothing',
     CASE WHEN j.state = 'DOA' AND j.began = j.ended AND NOT j.is_spoiled THEN
       'is DOA, and no mandatory parent failed' END)) x(check_name, message)
WHERE x.message IS NOT NULL;
$$;
COMMENT ON FUNCTION flow.find_order_problems() IS 'Engine: nodes whose states do not follow from those of their parents';
