CREATE OR REPLACE FUNCTION async.trim_positions(_s async.loop_t, _limit INT DEFAULT 5000) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes rows of async.lane_position that newer ones have replaced, of the lanes that the orchestrator has in mind:
 * others have none. Does not pass again over what it removed before.
 *
 * _s: state of the orchestrator, returned as it is then; _limit: most rows.
 * Writes async.lane_position.
 */
#variable_conflict error
DECLARE
  lanes async.lane_state_t[] := _s.lanes;
  lane async.lane_state_t;
  old TID[] := ARRAY(
    SELECT p.ctid
    FROM unnest(_s.lanes) l
    CROSS JOIN LATERAL (
      SELECT q.ctid FROM async.lane_position q
      WHERE q.lane_id = l.lane_id AND q.seq >= coalesce(l.trimmed, 0) AND q.seq < l.position OFFSET 0) p
    WHERE l.position > coalesce(l.trimmed, 0)
    LIMIT _limit);
BEGIN
  DELETE FROM async.lane_position p WHERE p.ctid = ANY(old);
  IF cardinality(old) = _limit THEN
    _s.untidy := true;
    RETURN _s;
  END IF;
  FOR i IN 1..cardinality(lanes) LOOP
    lane := lanes[i];
    lane.trimmed := lane.position;
    lanes[i] := lane;
  END LOOP;
  _s.lanes := lanes;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.trim_positions(async.loop_t, INT) IS 'Engine: removes replaced rows of async.lane_position';
