CREATE OR REPLACE FUNCTION async.find_self_target_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What a configuration of the engine says twice, and differently, of the target that is this database, and what
 * stands in the way of its new name.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong.
 */
WITH
control AS
(
  SELECT c.self_target AS old_self, g.item, coalesce(g.item->>'self_target', c.self_target) AS new_self
  FROM async.control c
  LEFT JOIN jsonb_array_elements(async.get_configuration_items(_configuration, 'control')) AS g(item) ON true
),
given AS
(
  SELECT g.no::INT AS no, c.item AS control, g.item AS target, c.new_self
  FROM control c
  CROSS JOIN jsonb_array_elements(async.get_configuration_items(_configuration, 'targets'))
    WITH ORDINALITY AS g(item, no)
  WHERE g.item->>'target' = c.new_self
)
SELECT 1, 1, format('control: self_target %s is the name of another target', to_json(c.new_self))
FROM control c
JOIN async.target t ON t.target = c.new_self
WHERE c.new_self <> c.old_self

UNION ALL
SELECT 1, 1, format('control: self_target %s is the name of a concurrency pool', to_json(c.new_self))
FROM control c
JOIN async.concurrency_pool p ON p.concurrency_pool = c.new_self AND p.target_id IS NULL
WHERE c.new_self <> c.old_self

UNION ALL
SELECT 2, g.no,
  format('target %s: max_concurrency is not self_concurrency of control, though they are the same limit',
    to_json(g.new_self))
FROM given g
WHERE g.control->'self_concurrency' <> g.target->'max_concurrency'

UNION ALL
SELECT 2, g.no,
  format('target %s: connection_string is not self_connection_string of control, though they are the same',
    to_json(g.new_self))
FROM given g
WHERE g.control->'self_connection_string' <> g.target->'connection_string';
$$;
COMMENT ON FUNCTION async.find_self_target_problems(JSONB) IS
  'Engine: what is wrong with the target that is this database';
