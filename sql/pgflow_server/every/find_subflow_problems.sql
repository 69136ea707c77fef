CREATE OR REPLACE FUNCTION flow.find_subflow_problems(
  _flow_name TEXT,
  _nodes JSONB,
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the flows that steps run: they must exist, and must not, by whatever way, run the flow that is
 * configured.
 *
 * _flow_name: the flow that is configured.
 * _nodes: all nodes that it is to have.
 * Returns a row a problem: number of the node, what is wrong; where a name is not known, that name and what it should
 *   be.
 */
WITH RECURSIVE node AS
(
  SELECT n.no::INT AS no, n.item->>'steps_to_flow' AS subflow
  FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS n(item, no)
  WHERE jsonb_typeof(n.item->'steps_to_flow') = 'string'
),
reached AS
(
  SELECT DISTINCT n.subflow AS via, n.subflow
  FROM node n
  UNION
  SELECT r.via, s.steps_to_flow
  FROM reached r
  JOIN flow.flow f ON f.flow = r.subflow
  JOIN flow.definition_node s ON s.definition_id = f.definition_id
  WHERE s.steps_to_flow IS NOT NULL AND r.subflow <> _flow_name
)
SELECT n.no, format('steps_to_flow: flow %s does not exist', to_json(n.subflow)), n.subflow, 'flow'
FROM node n
LEFT JOIN flow.flow f ON f.flow = n.subflow
WHERE f.flow IS NULL AND n.subflow <> _flow_name

UNION ALL
SELECT
  n.no,
  CASE n.subflow
    WHEN _flow_name THEN 'steps_to_flow: a flow cannot run itself'
    ELSE format('steps_to_flow: flow %s runs flow %s in turn', to_json(n.subflow), to_json(_flow_name))
  END,
  NULL,
  NULL
FROM node n
JOIN reached r ON r.via = n.subflow AND r.subflow = _flow_name;
$$;
COMMENT ON FUNCTION flow.find_subflow_problems(TEXT, JSONB) IS
  'Engine: what is wrong with the flows that steps of a configuration run';
