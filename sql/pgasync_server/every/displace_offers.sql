CREATE OR REPLACE FUNCTION async.displace_offers(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes back what is offered, has not been taken, and stands in the way of what is more urgent; the next cycle offers
 * that. Only where it helps: the urgent one must get its target's and its pool's place by it.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.offer and async.requeue.
 */
#variable_conflict error
DECLARE
  displaced RECORD;
  withdrawn BIGINT[];
BEGIN
  -- a call for each lane: there are few
  FOR displaced IN
    SELECT o.lane_id, array_agg(o.task_id ORDER BY o.offer_no) AS task_ids
    FROM async.offer o
    WHERE o.taken IS NULL AND EXISTS (
      SELECT FROM async.rank_outside_lanes(_s) l
      CROSS JOIN LATERAL async.count_free_places(_s.slots, l.target_id, l.pool_id) f
      WHERE l.priority < o.priority AND least(f.of_target, f.of_pool) <= 0
        AND (f.of_target > 0 OR l.target_id = o.target_id) AND (f.of_pool > 0 OR l.pool_id = o.pool_id))
    GROUP BY o.lane_id
  LOOP
    withdrawn := async.withdraw_offers(displaced.task_ids);
    IF cardinality(withdrawn) > 0 THEN
      PERFORM async.put_back(displaced.lane_id, withdrawn);
      _s.pending := true;
    END IF;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.displace_offers(async.loop_t) IS 'Engine: takes back offers for the sake of more urgent ones';
