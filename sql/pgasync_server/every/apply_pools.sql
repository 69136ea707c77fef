CREATE OR REPLACE FUNCTION async.apply_pools(_pools JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes or changes the concurrency pools of a configuration, and brings the pool of each target's own in line with
 * the target. A pool that had the name before the target becomes the target's own.
 *
 * _pools: section concurrency_pools of a configuration that has been checked.
 * Writes async.concurrency_pool.
 */
#variable_conflict error
BEGIN
  UPDATE async.concurrency_pool p
  SET concurrency_pool = t.target, max_workers = t.max_concurrency
  FROM async.target t
  WHERE t.target_id = p.target_id
    AND (p.concurrency_pool, p.max_workers) IS DISTINCT FROM (t.target, t.max_concurrency);

  UPDATE async.concurrency_pool p
  SET max_workers = t.max_concurrency, target_id = t.target_id
  FROM async.target t
  WHERE t.target = p.concurrency_pool AND p.target_id IS NULL;

  INSERT INTO async.concurrency_pool(concurrency_pool, max_workers, target_id)
  SELECT t.target, t.max_concurrency, t.target_id
  FROM async.target t
  WHERE NOT EXISTS (SELECT FROM async.concurrency_pool p WHERE p.target_id = t.target_id)
  ORDER BY t.target_id;

  UPDATE async.concurrency_pool p
  SET max_workers = (g.item->>'max_workers')::NUMERIC::INT
  FROM jsonb_array_elements(_pools) AS g(item)
  WHERE p.concurrency_pool = g.item->>'concurrency_pool' AND g.item ? 'max_workers';

  INSERT INTO async.concurrency_pool(concurrency_pool, max_workers)
  SELECT g.item->>'concurrency_pool',
         coalesce((g.item->>'max_workers')::NUMERIC::INT, c.default_concurrency_pool_workers)
  FROM jsonb_array_elements(_pools) WITH ORDINALITY AS g(item, no)
  CROSS JOIN async.control c
  WHERE NOT EXISTS (SELECT FROM async.concurrency_pool p WHERE p.concurrency_pool = g.item->>'concurrency_pool')
  ORDER BY g.no;
END;
$$;
COMMENT ON FUNCTION async.apply_pools(JSONB) IS 'Engine: section concurrency_pools of async.configure()';
