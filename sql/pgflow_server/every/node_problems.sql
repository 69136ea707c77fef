CREATE OR REPLACE FUNCTION flow.node_problems(
  _nodes JSONB,
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with nodes beside their keys and their dependencies: defined twice, target missing, keys that contradict each
 * other.
 *
 * _nodes: all nodes that the flow is to have.
 * Returns a row a problem: number of the node, what is wrong; where a name is not known, that name and what it should be.
 */
  WITH node AS
  (
    SELECT
      n.no::INT AS no,
      n.item ->> 'node' AS node,
      n.item ->> 'target' AS target,
      coalesce(n.item -> 'empty' = 'true', FALSE) AS empty,
      n.item
    FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS n(item, no)
    WHERE jsonb_typeof(n.item) = 'object'
  )
  SELECT min(n.no), 'is defined ' || CASE count(*) WHEN 2 THEN 'twice' ELSE count(*) || ' times' END, NULL, NULL
  FROM node n
  WHERE jsonb_typeof(n.item -> 'node') = 'string'
  GROUP BY n.node
  HAVING count(*) > 1

  UNION ALL
  SELECT n.no, format('target %s does not exist', to_json(n.target)), n.target, 'target'
  FROM node n
  LEFT JOIN async.target t ON t.target = n.target
  WHERE t.target IS NULL AND jsonb_typeof(n.item -> 'target') = 'string'

  UNION ALL
  SELECT n.no, CASE WHEN n.empty THEN 'target is missing, but its steps need one' ELSE 'target is missing' END, NULL, NULL
  FROM node n
  WHERE n.target IS NULL
    AND NOT (n.empty AND (coalesce(jsonb_typeof(n.item -> 'steps'), '') <> 'array' OR n.item -> 'steps' = '[]'))

  UNION ALL
  SELECT n.no, format('is empty, so it takes no %s', k.key), NULL, NULL
  FROM node n
  CROSS JOIN LATERAL (VALUES ('routine'), ('node_routine')) AS k(key)
  WHERE n.empty AND n.item ->> k.key IS NOT NULL

  UNION ALL
  SELECT n.no, 'is empty, so there is no routine to be synchronous', NULL, NULL
  FROM node n
  WHERE n.empty AND n.item -> 'synchronous' = 'true'

  UNION ALL
  SELECT n.no, 'its steps run a flow (steps_to_flow), so it takes no step_routine', NULL, NULL
  FROM node n
  WHERE n.item ->> 'steps_to_flow' IS NOT NULL AND n.item ->> 'step_routine' IS NOT NULL

  UNION ALL
  SELECT n.no, 'retry_max_delay is less than retry_delay', NULL, NULL
  FROM node n
  WHERE async.parse_interval(n.item -> 'retry_max_delay') < async.parse_interval(n.item -> 'retry_delay')
$$;

COMMENT ON FUNCTION flow.node_problems(JSONB) IS
  'private: what is wrong with the nodes of a configuration of a flow';
