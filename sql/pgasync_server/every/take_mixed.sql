CREATE OR REPLACE FUNCTION async.take_mixed(_lane async.lane_state_t, _row async.lane, _limit INT, _parts INT)
RETURNS SETOF async.part_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tasks from the head of a lane whose tasks call different things. Those that may share a message: all that call the
 * same routine, all that push the same CALL, all that are merely executed; a raw one has its own. Takes up to the
 * first task that would need more messages than there may be, and shares each group out evenly over as many as there
 * are for it.
 *
 * _lane: the lane; _row: the same as configured; _limit: most tasks; _parts: most messages.
 * Returns a row a message.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  WITH head AS
  (
    SELECT h.*, row_number() OVER () AS n,
           CASE WHEN _row.raw THEN h.task_id::TEXT
                WHEN _row.kind <> 'query' OR h.query ~* '^\s*CALL\s' THEN h.query END AS sole
    FROM async.read_lane_head(_lane, _limit) h
  ), first AS
  (
    SELECT h.*, min(h.n) OVER (PARTITION BY h.sole) = h.n AS is_first FROM head h
  ), numbered AS
  (
    SELECT f.*, sum(f.is_first::INT) OVER (ORDER BY f.n) AS groups FROM first f
  ), chosen AS
  (
    SELECT c.*, row_number() OVER (PARTITION BY c.sole ORDER BY c.n) - 1 AS rank,
           count(*) OVER (PARTITION BY c.sole) AS members,
           greatest(1, _parts / max(c.groups) OVER ()) AS pieces
    FROM numbered c
    WHERE c.groups <= _parts
  )
  SELECT c.sole, array_agg(c.task_id ORDER BY c.n) FILTER (WHERE NOT c.doomed),
         array_agg(c.query ORDER BY c.n) FILTER (WHERE NOT c.doomed),
         array_agg(c.argument ORDER BY c.n) FILTER (WHERE NOT c.doomed), max(c.seq),
         array_agg(c.again) FILTER (WHERE c.again IS NOT NULL), array_agg(c.task_id) FILTER (WHERE c.doomed)
  FROM chosen c
  GROUP BY c.sole, c.rank / ((c.members + c.pieces - 1) / c.pieces)
  ORDER BY min(c.n);
END;
$$;
COMMENT ON FUNCTION async.take_mixed(async.lane_state_t, async.lane, INT, INT) IS
  'Engine: tasks of a lane that call different things';
