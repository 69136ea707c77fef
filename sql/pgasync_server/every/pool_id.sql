CREATE OR REPLACE FUNCTION async.pool_id(_concurrency_pool TEXT, _target_id INT) RETURNS INT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/* The pool of that name, or the target's own when it is null or gone. Reads async.concurrency_pool. */
DECLARE
  found_id INT;
BEGIN
  SELECT p.pool_id INTO found_id
  FROM async.concurrency_pool p
  WHERE p.concurrency_pool = _concurrency_pool OR p.target_id = _target_id
  ORDER BY (p.concurrency_pool = _concurrency_pool) DESC NULLS LAST
  LIMIT 1;
  RETURN found_id;
END;
$$;
COMMENT ON FUNCTION async.pool_id(TEXT, INT) IS 'Engine: the pool of a name, or a target''s own';
