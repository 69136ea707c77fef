CREATE OR REPLACE FUNCTION async.find_idle_slots(
  _s async.loop_t,
  _slots async.slot_t[],
  _target_id INT,
  _pool_id INT) RETURNS SETOF INT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Idle slots of a target that a lane may have: as many as the concurrency of the target, of the pool and of the
 * orchestrator leave free.
 *
 * _s: state of the orchestrator; _slots: all slots, as they are by now; _target_id, _pool_id: those of the lane.
 * Returns indexes into _slots.
 * Reads async.concurrency_pool.
 */
#variable_conflict error
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
        - count(*) FILTER (WHERE b.pool_id = _pool_id) - coalesce(cardinality(array_positions(_s.held, _pool_id)), 0))
    FROM unnest(_slots) b WHERE b.state IN ('busy', 'ended', 'watched')));
END;
$$;
COMMENT ON FUNCTION async.find_idle_slots(async.loop_t, async.slot_t[], INT, INT) IS
  'Engine: idle slots that a lane may have';
