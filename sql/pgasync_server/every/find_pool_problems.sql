CREATE OR REPLACE FUNCTION async.find_pool_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the concurrency pools of a configuration of the engine, beside their keys.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong.
 */
WITH given AS
(
  SELECT
    g.no::INT AS no, g.item, g.item->>'concurrency_pool' AS concurrency_pool,
    async.label_item('concurrency_pools', g.item, g.no) AS label
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'concurrency_pools'))
    WITH ORDINALITY AS g(item, no)
  WHERE jsonb_typeof(g.item) = 'object'
)
SELECT 3, g.no, g.label || ': concurrency_pool is missing'
FROM given g
WHERE NOT g.item ? 'concurrency_pool'

UNION ALL
SELECT 3, min(g.no), min(g.label) || ' is given twice'
FROM given g
WHERE g.concurrency_pool IS NOT NULL
GROUP BY g.concurrency_pool
HAVING count(*) > 1

UNION ALL
SELECT 3, g.no,
  format(
    '%s belongs to the target of that name: its max_workers is the max_concurrency of the target, %s',
    g.label,
    t.max_concurrency)
FROM given g
JOIN async.get_configured_targets(_configuration) t ON t.target = g.concurrency_pool
WHERE g.item->'max_workers' <> to_jsonb(t.max_concurrency);
$$;
COMMENT ON FUNCTION async.find_pool_problems(JSONB) IS
  'Engine: what is wrong with the concurrency pools of a configuration of the engine';
