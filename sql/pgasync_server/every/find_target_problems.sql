CREATE OR REPLACE FUNCTION async.find_target_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the targets of a configuration of the engine, beside their keys. No connection string is ever
 * told.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong.
 */
WITH given AS
(
  SELECT
    2 AS place, g.no::INT AS no, g.item, g.item->>'target' AS target, 'connection_string' AS string_key,
    async.label_item('targets', g.item, g.no) AS label
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'targets')) WITH ORDINALITY AS g(item, no)
  WHERE jsonb_typeof(g.item) = 'object'
  UNION ALL
  SELECT 1, 1, g.item, NULL, 'self_connection_string', 'control'
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'control')) AS g(item)
)
SELECT g.place, g.no, g.label || ': target is missing'
FROM given g
WHERE g.place = 2 AND g.target IS NULL AND jsonb_typeof(g.item->'target') IS DISTINCT FROM 'null'

UNION ALL
SELECT min(g.place), min(g.no), min(g.label) || ' is given twice'
FROM given g
WHERE g.target IS NOT NULL
GROUP BY g.target
HAVING count(*) > 1

UNION ALL
SELECT g.place, g.no, format('%s: %s %s', g.label, g.string_key, p.problem)
FROM given g
CROSS JOIN LATERAL
(
  SELECT async.find_connection_string_problem(
    g.item->>g.string_key, coalesce(g.item->'allow_password' = 'true', false)) AS problem
) p
WHERE p.problem IS NOT NULL AND jsonb_typeof(g.item->g.string_key) = 'string' AND g.item->>g.string_key ~ '\S'

UNION ALL
SELECT g.place, g.no,
  g.label || ': connection_string is missing; it is null where only workers outside the database take its tasks'
FROM given g
JOIN async.get_configured_targets(_configuration) t ON t.target = g.target
WHERE NOT t.is_self AND t.connection_string IS NULL AND NOT t.has_none;
$$;
COMMENT ON FUNCTION async.find_target_problems(JSONB) IS
  'Engine: what is wrong with the targets of a configuration of the engine';
