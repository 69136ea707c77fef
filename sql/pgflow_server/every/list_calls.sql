CREATE OR REPLACE FUNCTION flow.list_calls(
  _definition_id BIGINT,
  OUT flow TEXT,
  OUT node_no INT,
  OUT node TEXT,
  OUT kind TEXT,
  OUT target TEXT,
  OUT routine TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What the nodes of a flow call, and those of the flows that its steps run. A node whose steps call the same as itself
 * has one row; one that calls nothing, and was not told what its steps call, has none unless it has steps.
 *
 * _definition_id: the flow's definition.
 * Returns kind: node or step; target: where it is called; routine: safe to paste after CALL.
 */
WITH RECURSIVE used AS
(
  SELECT _definition_id AS definition_id
  UNION
  SELECT f.definition_id
  FROM used u
  JOIN flow.definition_node n ON n.definition_id = u.definition_id
  JOIN flow.flow f ON f.flow = n.steps_to_flow
)
SELECT d.flow, n.node_no, n.node, c.kind, n.target, c.routine
FROM used u
JOIN flow.definition d ON d.definition_id = u.definition_id
JOIN flow.definition_node n ON n.definition_id = u.definition_id
CROSS JOIN LATERAL (
  VALUES
    ('node', n.routine, n.routine IS NOT NULL),
    ('step', n.step_routine,
     n.step_routine <> n.routine
       OR n.empty AND (cardinality(n.steps) > 0 OR n.step_routine <> flow.quote_routine(n.node)))) c(kind, routine, is_called)
WHERE c.is_called AND n.target IS NOT NULL;
$$;
COMMENT ON FUNCTION flow.list_calls(BIGINT) IS 'Engine: what the nodes of a flow call, and where';
