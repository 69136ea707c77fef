CREATE OR REPLACE FUNCTION async.take_up_woken_lanes(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings lanes that async.wake_lanes() named, since it was last asked, to the orchestrator's mind.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.lane, async.lane_position.
 */
#variable_conflict error
DECLARE
  named BIGINT[] := string_to_array(nullif(current_setting('pgflow.woken', true), ''), ',')::BIGINT[];
BEGIN
  IF named IS NOT NULL THEN
    PERFORM set_config('pgflow.woken', '', false);
    _s.lanes := ARRAY(
      SELECT ROW(w.lane_id, l.target_id, l.pool_id, l.priority,
                 coalesce(o.position, async.get_lane_position(w.lane_id)),
                 CASE WHEN o.empty IS NOT false THEN coalesce(
                   (SELECT min(p.served) FROM unnest(_s.lanes) p WHERE NOT p.empty AND p.priority = l.priority), 0)
                 ELSE o.served END,
                 o.work, o.pace, true, o.again, o.trimmed, false, l.outside)::async.lane_state_t
      FROM (SELECT DISTINCT u FROM unnest(named) u) w(lane_id)
      JOIN async.lane l ON l.lane_id = w.lane_id
      LEFT JOIN unnest(_s.lanes) o ON o.lane_id = w.lane_id
      UNION ALL
      SELECT o FROM unnest(_s.lanes) o WHERE NOT o.lane_id = ANY(named));
    _s.outside := _s.outside OR EXISTS (SELECT FROM unnest(_s.lanes) l WHERE l.outside);
    _s.worked := true;
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_up_woken_lanes(async.loop_t) IS 'Engine: lanes that have something new';
