CREATE OR REPLACE FUNCTION async.serve_workers(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Offers waiting tasks to workers outside the database, and removes what is left of offers that could not be removed
 * when their tasks went elsewhere.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.offer, and what async.offer_tasks() and async.displace_offers() do; locks rows of async.offer FOR UPDATE
 * SKIP LOCKED.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.offer o
  WHERE o.offer_no = ANY(ARRAY(
    SELECT f.offer_no FROM async.offer f WHERE NOT async.is_offer_good(f.offer_no, f.task_id) FOR UPDATE SKIP LOCKED));
  _s := async.displace_offers(async.offer_tasks(_s));
  _s.worked := _s.worked
    OR EXISTS (SELECT FROM async.offer o WHERE NOT async.is_offer_good(o.offer_no, o.task_id));  -- looked at again soon
  _s.held := nullif(ARRAY(SELECT o.pool_id FROM async.offer o), '{}');
  _s.outside := _s.held IS NOT NULL OR EXISTS (SELECT FROM unnest(_s.lanes) l WHERE l.outside AND NOT l.empty);
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.serve_workers(async.loop_t) IS 'Engine: offers tasks to workers outside the database';
