CREATE OR REPLACE FUNCTION flow.find_node_problems(
  _nodes JSONB,
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with nodes beside their keys and their dependencies: defined twice, target not known, keys that
 * contradict each other.
 *
 * _nodes: all nodes that the flow is to have.
 * Returns a row a problem: number of the node, what is wrong; where a name is not known, that name and what it should
 *   be.
 */
WITH node AS
(
  SELECT
    n.no::INT AS no,
    n.item->>'node' AS node,
    n.item->>'target' AS target,
    coalesce(n.item->'empty' = 'true', false) AS empty,
    n.item
  FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS n(item, no)
  WHERE jsonb_typeof(n.item) = 'object'
)
SELECT min(n.no), 'is defined ' || CASE count(*) WHEN 2 THEN 'twice' ELSE count(*) || ' times' END, NULL, NULL
FROM node n
WHERE jsonb_typeof(n.item->'node') = 'string'
GROUP BY n.node
HAVING count(*) > 1

UNION ALL
SELECT n.no, format('target %s does not exist', to_json(n.target)), n.target, 'target'
FROM node n
LEFT JOIN async.target t ON t.target = n.target
WHERE t.target IS NULL AND jsonb_typeof(n.item->'target') = 'string'

UNION ALL
SELECT n.no, c.problem, NULL, NULL
FROM node n
CROSS JOIN LATERAL
(
  VALUES
    (n.target IS NULL AND NOT n.empty,
     'target is missing'),
    (n.target IS NULL AND n.empty AND jsonb_typeof(n.item->'steps') = 'array' AND n.item->'steps' <> '[]',
     'target is missing, but its steps need one'),
    (n.empty AND n.item->>'routine' IS NOT NULL,
     'is empty, so it takes no routine'),
    (n.empty AND n.item->>'node_routine' IS NOT NULL,
     'is empty, so it takes no node_routine'),
    (n.empty AND n.item->'synchronous' = 'true',
     'is empty, so there is no routine to be synchronous'),
    (n.item->>'steps_to_flow' IS NOT NULL AND n.item->>'step_routine' IS NOT NULL,
     'its steps run a flow (steps_to_flow), so it takes no step_routine'),
    (async.parse_interval(n.item->'retry_max_delay') < async.parse_interval(n.item->'retry_delay'),
     'retry_max_delay is less than retry_delay')
) c(is_so, problem)
WHERE c.is_so;
$$;
COMMENT ON FUNCTION flow.find_node_problems(JSONB) IS
  'Engine: what is wrong with the nodes of a configuration of a flow';
