CREATE OR REPLACE FUNCTION async.trim_positions(_limit INT DEFAULT 5000) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes rows of async.lane_position and async.intake that newer ones have replaced.
 *
 * _limit: most rows of each.
 * Writes async.lane_position, async.intake.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.lane_position p
  WHERE p.ctid = ANY(ARRAY(
    SELECT o.ctid FROM async.lane_position o
    WHERE EXISTS (SELECT FROM async.lane_position n WHERE n.lane_id = o.lane_id AND n.seq > o.seq)
    LIMIT _limit));
  DELETE FROM async.intake i
  WHERE i.ctid = ANY(ARRAY(
    SELECT o.ctid FROM async.intake o
    WHERE EXISTS (SELECT FROM async.intake n WHERE n.target_id = o.target_id AND n.intake_no > o.intake_no)
    LIMIT _limit));
END;
$$;
COMMENT ON FUNCTION async.trim_positions(INT) IS 'Engine: removes positions that newer ones have replaced';
