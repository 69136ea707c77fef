CREATE OR REPLACE FUNCTION async.ensure_pool(_concurrency_pool TEXT, _target_id INT) RETURNS INT
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Finds a concurrency pool. One that no configuration names is made, with default_concurrency_pool_workers.
 *
 * _concurrency_pool: its name, null: the target's own; _target_id: the target.
 * Returns its pool_id.
 * Writes async.concurrency_pool.
 */
#variable_conflict error
DECLARE
  found_id INT;
BEGIN
  SELECT p.pool_id INTO found_id
  FROM async.concurrency_pool p
  WHERE CASE
    WHEN _concurrency_pool IS NULL THEN p.target_id = _target_id ELSE p.concurrency_pool = _concurrency_pool END;
  IF NOT FOUND THEN
    INSERT INTO async.concurrency_pool(concurrency_pool, max_workers)
    SELECT _concurrency_pool, c.default_concurrency_pool_workers FROM async.control c
    RETURNING pool_id INTO found_id;
  END IF;
  RETURN found_id;
END;
$$;
COMMENT ON FUNCTION async.ensure_pool(TEXT, INT) IS 'Engine: the pool of a name, or a target''s own';
