CREATE OR REPLACE FUNCTION async.rank_outside_lanes(_s async.loop_t)
RETURNS TABLE (n INT, target_id INT, pool_id INT, priority INT, rivals BIGINT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lanes whose tasks may be offered to workers outside the database, in the order in which they are: lower priority first,
 * then those that have had least.
 *
 * _s: state of the orchestrator.
 * Returns n, an index into _s.lanes; rivals: how many of the same target and priority are still to be served, itself
 * included.
 * Reads async.target, and the setting pgflow.doomed.
 */
#variable_conflict error
DECLARE
  doomed BIGINT[] := string_to_array(coalesce(current_setting('pgflow.doomed', true), ''), ',')::BIGINT[];
BEGIN
  RETURN QUERY
  SELECT l.n::INT, l.target_id, l.pool_id, l.priority,
         count(*) OVER (PARTITION BY l.target_id, l.priority ORDER BY l.served DESC, l.lane_id DESC)
  FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.lanes) u) l
  JOIN async.target t ON t.target_id = l.target_id AND t.enabled
  WHERE l.outside AND NOT l.empty AND NOT _s.paused AND NOT _s.stopping AND NOT l.lane_id = ANY(doomed)
  ORDER BY l.priority, l.served, l.lane_id;
END;
$$;
COMMENT ON FUNCTION async.rank_outside_lanes(async.loop_t) IS
  'Engine: lanes whose tasks may be offered to workers outside the database, in order';
