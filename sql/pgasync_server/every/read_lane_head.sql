CREATE OR REPLACE FUNCTION async.read_lane_head(_lane async.lane_state_t, _limit INT)
RETURNS SETOF async.head_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The first tasks of a lane, in order: those that go again, then those that never went.
 *
 * _lane: the lane; _limit: how many.
 * Reads async.requeue, async.task, async.doom.
 */
#variable_conflict error
DECLARE
  returned BIGINT := 0::BIGINT;
BEGIN
  IF _lane.requeued THEN
    RETURN QUERY
    SELECT q.task_id, NULL::BIGINT, q.seq, t.query, t.argument, false
    FROM async.requeue q JOIN async.task t ON t.task_id = q.task_id
    WHERE q.lane_id = _lane.lane_id AND q.seq > coalesce(_lane.again, 0)
    ORDER BY q.seq LIMIT _limit;
    GET DIAGNOSTICS returned = ROW_COUNT;
  END IF;
  RETURN QUERY
  SELECT t.task_id, t.seq, NULL::BIGINT, t.query, t.argument,
         (SELECT true FROM async.doom d WHERE d.task_id = t.task_id) IS NOT NULL
  FROM async.task t
  WHERE t.lane_id = _lane.lane_id AND t.seq > _lane.position
  ORDER BY t.seq LIMIT _limit - returned;
END;
$$;
COMMENT ON FUNCTION async.read_lane_head(async.lane_state_t, INT) IS 'Engine: the first tasks of a lane';
