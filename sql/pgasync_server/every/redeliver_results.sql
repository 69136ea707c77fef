CREATE OR REPLACE FUNCTION async.redeliver_results() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells extensions again of tasks whose end they could not take in, up to 100 at a time. From the sixth time on they
 * are told that the task has failed, with that reason, so that what waits for it does not wait for ever.
 *
 * Writes async.undelivered, and what async.deliver_results() does.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  results async.result_t[];
BEGIN
  IF NOT EXISTS (SELECT FROM async.undelivered) THEN
    RETURN;
  END IF;
  results := ARRAY(
    SELECT ROW(t.task_id, l.owner, t.owner_id, t.owner_item, l.owner_item <> 0,
               CASE WHEN u.failures > 5 THEN 'FAILED' ELSE r.status END, r.started, r.ended, r.sqlstate,
               CASE WHEN u.failures > 5 THEN 'its end could not be taken in: ' || u.error ELSE r.error END)::async.result_t
    FROM async.undelivered u
    JOIN async.result r ON r.task_id = u.task_id
    JOIN async.task t ON t.task_id = u.task_id
    JOIN async.lane l ON l.lane_id = t.lane_id
    WHERE u.due <= now
    ORDER BY u.due LIMIT 100);
  PERFORM async.deliver_results(results);
  DELETE FROM async.undelivered u USING unnest(results) r WHERE u.task_id = r.task_id AND u.due <= now;
END;
$$;
COMMENT ON FUNCTION async.redeliver_results() IS 'Engine: tells extensions again what they could not take in';
