CREATE OR REPLACE FUNCTION async.take_alike(_lane async.lane_state_t, _call TEXT, _limit INT, _parts INT)
RETURNS SETOF async.part_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tasks from the head of a lane whose tasks all call the same thing, shared out evenly.
 *
 * _lane: the lane; _call: what they call; _limit: most tasks; _parts: most messages.
 * Returns a row a message.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  WITH head AS
  (
    SELECT h.*, row_number() OVER () - 1 AS n, count(*) OVER () AS members FROM async.read_lane_head(_lane, _limit) h
  )
  SELECT _call, array_agg(h.task_id ORDER BY h.n) FILTER (WHERE NOT h.doomed), NULL::TEXT[],
         array_agg(h.argument ORDER BY h.n) FILTER (WHERE NOT h.doomed), max(h.seq),
         array_agg(h.again) FILTER (WHERE h.again IS NOT NULL), array_agg(h.task_id) FILTER (WHERE h.doomed)
  FROM head h
  GROUP BY h.n / ((h.members + _parts - 1) / _parts);
END;
$$;
COMMENT ON FUNCTION async.take_alike(async.lane_state_t, TEXT, INT, INT) IS
  'Engine: tasks of a lane that all call the same';
