CREATE OR REPLACE FUNCTION async.rank_lanes(_s async.loop_t)
RETURNS TABLE (n INT, lane_id BIGINT, target_id INT, pool_id INT, rivals BIGINT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lanes that may be served now, in the order in which they are: lower priority first, then those that have had least.
 *
 * _s: state of the orchestrator.
 * Returns n, an index into _s.lanes; rivals: how many of the same target and priority are still to be served, itself
 * included.
 * Reads async.doomed_lane.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT l.n::INT, l.lane_id, l.target_id, l.pool_id,
         count(*) OVER (PARTITION BY l.target_id, l.priority ORDER BY l.served DESC, l.lane_id DESC)
  FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.lanes) u) l
  JOIN unnest(_s.targets) t ON t.target_id = l.target_id AND t.state = 'up'
  WHERE NOT l.empty AND NOT _s.paused AND NOT _s.stopping
    AND NOT EXISTS (SELECT FROM async.doomed_lane d WHERE d.lane_id = l.lane_id)
    AND EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.target_id = l.target_id AND x.state = 'idle')
  ORDER BY l.priority, l.served, l.lane_id
  LIMIT 64;
END;
$$;
COMMENT ON FUNCTION async.rank_lanes(async.loop_t) IS 'Engine: lanes that may be served now';
