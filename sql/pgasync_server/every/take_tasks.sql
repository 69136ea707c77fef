CREATE OR REPLACE FUNCTION async.take_tasks(_lane async.lane_state_t, _limit INT, _groups INT)
RETURNS TABLE (task_id BIGINT, seq BIGINT, query TEXT, sole TEXT, data JSONB, doomed BOOL) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes up to _limit tasks from the head of a lane: first what goes again, then what never went, which has a seq. Tasks of
 * one group may share a message: those that call the same thing (sole) and all that are merely executed (sole is null).
 * Takes at most _groups groups; raw tasks have one each. Doomed ones have been settled and are to be passed over.
 * Writes async.requeue, async.doom.
 */
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH head AS
  (
    (SELECT t.task_id, NULL::BIGINT AS seq, q.seq AS place, t.query, t.argument, false AS doomed
     FROM async.requeue q JOIN async.task t ON t.task_id = q.task_id
     WHERE _lane.requeued AND q.lane_id = _lane.lane_id
     ORDER BY q.seq LIMIT _limit)
    UNION ALL
    (SELECT t.task_id, t.seq, t.seq, t.query, t.argument, EXISTS (SELECT FROM async.doom d WHERE d.task_id = t.task_id)
     FROM async.task t
     WHERE t.lane_id = _lane.lane_id AND t.seq > _lane.position
     ORDER BY t.seq LIMIT _limit)
  ), keyed AS
  (
    SELECT h.*, CASE WHEN l.raw THEN h.task_id::TEXT
                     WHEN l.call IS NOT NULL THEN l.call
                     WHEN k.argument_type IS NOT NULL THEN h.query
                     WHEN h.query ~* '^\s*CALL\s' THEN h.query END AS sole,
           row_number() OVER (ORDER BY h.seq NULLS FIRST, h.place) AS n
    FROM head h CROSS JOIN async.lane l JOIN async.task_kind k ON k.kind = l.kind
    WHERE l.lane_id = _lane.lane_id
  ), chosen AS
  (
    SELECT z.*
    FROM (SELECT y.*, sum(y.first::INT) OVER (ORDER BY y.n) AS groups
          FROM (SELECT x.*, row_number() OVER (PARTITION BY x.sole ORDER BY x.n) = 1 AS first FROM keyed x) y) z
    WHERE z.n <= _limit AND z.groups <= _groups
  ), gone AS
  (
    DELETE FROM async.requeue q USING chosen c WHERE q.lane_id = _lane.lane_id AND q.seq = c.place AND c.seq IS NULL
  ), passed AS
  (
    DELETE FROM async.doom d USING chosen c WHERE c.doomed AND d.task_id = c.task_id
  )
  SELECT c.task_id, c.seq, c.query, c.sole, c.argument, c.doomed FROM chosen c ORDER BY c.n;
END;
$$;
COMMENT ON FUNCTION async.take_tasks(async.lane_state_t, INT, INT) IS 'Engine: takes tasks from the head of a lane';
