CREATE OR REPLACE FUNCTION flow.configuration() RETURNS JSONB LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Every flow as flow.configure_flow() takes it back, in an array: each with its name under the key flow, and behind the
 * flows that its steps run. To take them all back:
 *   SELECT flow.configure_flow(c ->> 'flow', c) FROM jsonb_array_elements(…) AS c
 */
WITH RECURSIVE place AS
(
  SELECT f.flow, 0 AS no
  FROM flow.flow f
  UNION
  SELECT f.flow, p.no + 1
  FROM place p
  JOIN flow.definition_node n ON n.steps_to_flow = p.flow
  JOIN flow.flow f ON f.definition_id = n.definition_id
)
SELECT coalesce(jsonb_agg(jsonb_build_object('flow', d.flow) || d.configuration ORDER BY p.no, d.flow COLLATE "C"), '[]')
FROM (SELECT a.flow, max(a.no) AS no FROM place a GROUP BY a.flow) p
JOIN flow.flow f ON f.flow = p.flow
JOIN flow.definition d ON d.definition_id = f.definition_id;
$$;
COMMENT ON FUNCTION flow.configuration() IS 'Every definition, in a form that flow.configure_flow() takes back';
