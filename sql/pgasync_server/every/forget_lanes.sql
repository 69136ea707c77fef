CREATE OR REPLACE FUNCTION async.forget_lanes(_s async.loop_t, _lane_ids BIGINT[]) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes those of some lanes that have no task left.
 *
 * _s: state of the orchestrator, returned as it is then; _lane_ids: the lanes, or null.
 * Writes async.lane, async.open_lane, async.lane_position.
 */
#variable_conflict error
DECLARE
  bare BIGINT[] := ARRAY(
    SELECT u FROM unnest(_lane_ids) u WHERE u IS NOT NULL AND NOT EXISTS (SELECT FROM async.task t WHERE t.lane_id = u));
BEGIN
  IF cardinality(bare) > 0 THEN
    DELETE FROM async.lane_position p WHERE p.lane_id = ANY(bare);
    DELETE FROM async.open_lane o WHERE o.lane_id = ANY(bare);
    DELETE FROM async.lane l WHERE l.lane_id = ANY(bare);
    _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE NOT l.lane_id = ANY(bare));
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.forget_lanes(async.loop_t, BIGINT[]) IS 'Engine: removes lanes that have no task left';
