CREATE OR REPLACE FUNCTION async.take_offers(
  _target TEXT,
  _limit INT,
  _timeout INTERVAL,
  OUT task_id BIGINT,
  OUT priority INT,
  OUT times_up TIMESTAMPTZ,
  OUT task_data JSONB) RETURNS SETOF RECORD LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The server's part of async.get_tasks(): takes what is offered now. Those that another transaction is just taking are
 * passed over, so that nobody waits.
 *
 * _target, _limit, _timeout: as async.get_tasks() got them.
 * Errors: PF007 unknown target, 22023 a limit or time that is not positive.
 * Writes async.offer; locks its rows FOR UPDATE SKIP LOCKED.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT FROM async.target t WHERE t.target = _target) THEN
    RAISE EXCEPTION 'unknown target: %', coalesce(quote_ident(_target), 'null') USING ERRCODE = 'PF007';
  ELSIF _limit IS NULL OR _limit < 1 OR _timeout <= '0' THEN
    RAISE EXCEPTION 'a limit and a time must be more than zero' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
  WITH chosen AS
  (
    SELECT o.offer_no
    FROM async.offer o
    WHERE o.target_id = (SELECT t.target_id FROM async.target t WHERE t.target = _target AND t.enabled)
      AND o.taken IS NULL AND o.times_up > now AND async.is_offer_good(o.offer_no, o.task_id)
      AND NOT (SELECT c.paused FROM async.control c)
    ORDER BY o.priority, o.offer_no
    LIMIT _limit
    FOR UPDATE SKIP LOCKED
  ), mine AS
  (
    UPDATE async.offer o
    SET taken = now, worker = current_setting('application_name'),
        ends = coalesce(o.ends, now + o.timeout, 'infinity'),
        times_up = least(coalesce(o.ends, now + o.timeout, 'infinity'), now + _timeout)
    WHERE o.offer_no = ANY(ARRAY(SELECT c.offer_no FROM chosen c))
    RETURNING o.*
  )
  SELECT m.task_id, m.priority, m.times_up, m.task_data FROM mine m ORDER BY m.priority, m.offer_no;
END;
$$;
COMMENT ON FUNCTION async.take_offers(TEXT, INT, INTERVAL) IS 'Engine: takes tasks that are offered now';
