CREATE OR REPLACE FUNCTION async.get_lane_position(_lane_id BIGINT) RETURNS BIGINT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How far a lane has been taken. Newest row first: no scan of old ones.
 *
 * _lane_id: the lane.
 * Returns the seq of its last task that went, 0 if none did.
 * Reads async.lane_position.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT coalesce(
      (SELECT p.seq FROM async.lane_position p WHERE p.lane_id = _lane_id ORDER BY p.seq DESC LIMIT 1), 0));
END;
$$;
COMMENT ON FUNCTION async.get_lane_position(BIGINT) IS 'Engine: how far a lane has been taken';
