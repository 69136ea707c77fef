CREATE OR REPLACE FUNCTION async.free_for(_s async.loop_t, _slots async.slot_t[], _target_id INT, _pool_id INT) RETURNS SETOF INT
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* Indexes into _slots of idle slots of a target, as many as its concurrency, the pool's, and the orchestrator's leave free. */
BEGIN
  RETURN QUERY
  SELECT x.n::INT
  FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_slots) u) x
  WHERE x.target_id = _target_id AND x.state = 'idle'
  LIMIT greatest(0, (
    SELECT least(
      _s.workers - count(*),
      (SELECT t.max_concurrency FROM unnest(_s.targets) t WHERE t.target_id = _target_id)
        - count(*) FILTER (WHERE b.target_id = _target_id),
      coalesce((SELECT p.max_workers FROM async.concurrency_pool p WHERE p.pool_id = _pool_id), 1)
        - count(*) FILTER (WHERE b.pool_id = _pool_id))
    FROM unnest(_slots) b WHERE b.state IN ('busy', 'ended', 'watched')));
END;
$$;
COMMENT ON FUNCTION async.free_for(async.loop_t, async.slot_t[], INT, INT) IS 'Engine: idle slots that a lane may have';
