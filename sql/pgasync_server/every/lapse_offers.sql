CREATE OR REPLACE FUNCTION async.lapse_offers() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes tasks back that a worker outside the database has not finished by the time that it was given: they are offered
 * again. A task whose own time is up is timed out, as is one that nobody has taken for that long.
 *
 * Writes async.offer, async.attempt, async.requeue, and what async.settle_offers() and async.end_waiting_tasks() do; locks rows
 * of async.offer FOR UPDATE SKIP LOCKED.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  late BIGINT[] := ARRAY(
    SELECT o.offer_no FROM async.offer o
    WHERE o.times_up <= now AND async.is_offer_good(o.offer_no, o.task_id)
    FOR UPDATE SKIP LOCKED);
  share RECORD;
BEGIN
  -- a call for each lane and kind of end: there are few
  FOR share IN
    SELECT o.lane_id, o.timeout, CASE WHEN o.taken IS NULL THEN 'waiting' WHEN o.times_up >= o.ends THEN 'over' ELSE 'back' END
             AS kind, array_agg(o.task_id ORDER BY o.offer_no) AS task_ids
    FROM async.offer o WHERE o.offer_no = ANY(late)
    GROUP BY 1, 2, 3
  LOOP
    CASE share.kind
      WHEN 'waiting' THEN
        PERFORM async.end_waiting_tasks(share.task_ids, 'TIMED_OUT', 'timed out waiting for a worker');
      WHEN 'over' THEN
        PERFORM async.settle_offers(share.task_ids, 'TIMED_OUT', format('timed out after %s', share.timeout));
      ELSE
        INSERT INTO async.attempt(task_id, attempt, status, started, ended, error, counted)
        SELECT o.task_id, a.attempts + 1, 'INTERRUPTED', o.taken, now, 'its worker did not finish it in time', false
        FROM async.offer o CROSS JOIN LATERAL async.count_attempts(o.task_id) a
        WHERE o.offer_no = ANY(late) AND o.task_id = ANY(share.task_ids);
        PERFORM async.put_back(share.lane_id, async.withdraw_offers(share.task_ids));
    END CASE;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.lapse_offers() IS 'Engine: takes tasks back whose workers are late';
