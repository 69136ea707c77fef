CREATE OR REPLACE FUNCTION async.offer_lane(_lane async.lane_state_t, _limit INT) RETURNS async.lane_state_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Offers tasks from the head of a lane. The time of a task that was taken before runs on.
 *
 * _lane: the lane, returned as it is then; _limit: most tasks.
 * Writes async.offer, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  head async.head_t[] := ARRAY(SELECT h FROM async.read_lane_head(_lane, _limit) h);
  new_ids BIGINT[] := ARRAY(SELECT h.task_id FROM unnest(head) WITH ORDINALITY h(task_id, seq, again, query, argument, doomed, n)
                            WHERE NOT h.doomed ORDER BY h.n);
  parts async.part_t[] := ARRAY(
    SELECT ROW(NULL, nullif(new_ids, '{}'), NULL, NULL, max(h.seq),
               array_agg(h.again) FILTER (WHERE h.again IS NOT NULL), array_agg(h.task_id) FILTER (WHERE h.doomed))::async.part_t
    FROM unnest(head) h HAVING count(*) > 0);
BEGIN
  INSERT INTO async.offer(task_id, lane_id, target_id, pool_id, priority, task_data, timeout, ends, times_up)
  SELECT u.task_id, l.lane_id, l.target_id, l.pool_id, l.priority, u.description, l.timeout, b.began + l.timeout,
         coalesce(b.began + l.timeout, clock_timestamp() + l.timeout, 'infinity')
  FROM unnest(new_ids, async.describe_offers(_lane.lane_id, new_ids)) WITH ORDINALITY u(task_id, description, n)
  JOIN async.lane l ON l.lane_id = _lane.lane_id
  CROSS JOIN LATERAL (
    SELECT min(a.started) AS began FROM async.attempt a
    WHERE a.task_id = u.task_id AND a.attempt > coalesce(
      (SELECT max(c.attempt) FROM async.attempt c WHERE c.task_id = u.task_id AND c.counted), 0)) b
  ORDER BY u.n;
  RETURN async.move_lane(_lane, parts, _limit, 2);
END;
$$;
COMMENT ON FUNCTION async.offer_lane(async.lane_state_t, INT) IS 'Engine: offers tasks from the head of a lane';
