CREATE OR REPLACE FUNCTION async.rank_lanes(_s async.loop_t)
RETURNS TABLE (n INT, lane_id BIGINT, target_id INT, pool_id INT, rivals BIGINT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lanes that may be served now, in the order in which they are: lower priority first, then those that have had least.
 * Those whose pool is full are left out: they would only take up room. Where several are equals each gets its share,
 * and in a second turn what the others have left of theirs, before anything of a lower priority gets it.
 *
 * _s: state of the orchestrator.
 * Returns n, an index into _s.lanes; rivals: how many of the same target and priority are still to be served, itself
 * included; in the second turn 1.
 * Reads async.concurrency_pool, and the setting pgflow.doomed.
 */
#variable_conflict error
DECLARE
  doomed BIGINT[] := string_to_array(coalesce(current_setting('pgflow.doomed', true), ''), ',')::BIGINT[];
  full_pools INT[] := ARRAY(
    SELECT p.pool_id
    FROM (SELECT b.pool_id, count(*) + coalesce(cardinality(array_positions(_s.held, b.pool_id)), 0) AS places
          FROM unnest(_s.slots) b WHERE b.state IN ('busy', 'ended', 'watched') GROUP BY b.pool_id) k
    JOIN async.concurrency_pool p ON p.pool_id = k.pool_id AND p.max_workers <= k.places);
BEGIN
  RETURN QUERY
  WITH ready AS
  (
    SELECT l.n, l.lane_id, l.target_id, l.pool_id, l.priority, l.served,
           count(*) OVER (PARTITION BY l.target_id, l.priority ORDER BY l.served DESC, l.lane_id DESC) AS rivals,
           count(*) OVER (PARTITION BY l.target_id, l.priority) AS equals
    FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.lanes) u) l
    JOIN unnest(_s.targets) t ON t.target_id = l.target_id AND t.state = 'up'
    WHERE NOT l.empty AND NOT l.outside AND NOT _s.paused AND NOT _s.stopping
      AND NOT l.pool_id = ANY(full_pools) AND NOT l.lane_id = ANY(doomed)
      AND EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.target_id = l.target_id AND x.state = 'idle')
    ORDER BY l.priority, l.served, l.lane_id
    LIMIT 64
  )
  SELECT r.n::INT, r.lane_id, r.target_id, r.pool_id, CASE turn.no WHEN 1 THEN r.rivals ELSE 1 END
  FROM ready r
  JOIN generate_series(1, 2) turn(no) ON turn.no = 1 OR r.equals > 1
  ORDER BY r.priority, turn.no, r.served, r.lane_id;
END;
$$;
COMMENT ON FUNCTION async.rank_lanes(async.loop_t) IS 'Engine: lanes that may be served, in order';
