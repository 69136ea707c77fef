CREATE OR REPLACE FUNCTION async.position(_lane_id BIGINT) RETURNS BIGINT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* How far a lane has been taken: the seq of its last task that went, 0 if none did. Newest row first: no scan of old ones. */
BEGIN
  RETURN (
  SELECT coalesce((SELECT p.seq FROM async.lane_position p WHERE p.lane_id = _lane_id ORDER BY p.seq DESC LIMIT 1), 0));
END;
$$;
COMMENT ON FUNCTION async.position(BIGINT) IS 'Engine: how far a lane has been taken';
