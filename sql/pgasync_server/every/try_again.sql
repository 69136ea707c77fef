CREATE OR REPLACE FUNCTION async.try_again(_verdicts async.verdict_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts back what did not run, and what deserves another attempt: at once after a serialization failure or deadlock,
 * up to five times, unless it had committed something by itself; after 1, 2, 4, 8, 16 s when its outcome is unknown
 * and on_interrupt allows; after the lane's delay while it has retries left.
 *
 * _verdicts: a task once.
 * Writes async.requeue, async.delayed, async.attempt.
 */
#variable_conflict error
DECLARE
  returned RECORD;
BEGIN
  -- a call for each lane
  FOR returned IN
    SELECT v.lane_id, array_agg(v.task_id ORDER BY v.n) AS task_ids
    FROM unnest(_verdicts) v WHERE v.outcome = 'BACK' GROUP BY v.lane_id
  LOOP
    PERFORM async.put_back(returned.lane_id, returned.task_ids);
  END LOOP;

  WITH failed AS
  (
    SELECT v.*, l.retries, l.retry_delay, l.retry_backoff, l.retry_max_delay, l.retry_on,
           a.attempts, a.counted, a.lost, a.clashed,
           v.outcome = 'ERROR' AND v.sqlstate IN ('40001', '40P01') AND v.committed IS NOT true AND a.clashed < 5
             AS clash,
           v.outcome = 'LOST' AND l.on_interrupt = 'retry' AS retry_lost
    FROM unnest(_verdicts) v
    JOIN async.lane l ON l.lane_id = v.lane_id
    CROSS JOIN LATERAL async.count_attempts(v.task_id) a
    WHERE v.outcome IN ('ERROR', 'LOST', 'TIMED_OUT')
  ), chosen AS
  (
    SELECT f.*, CASE
      WHEN f.clash THEN INTERVAL '0'
      WHEN f.retry_lost THEN 2 ^ least(f.lost, 4) * INTERVAL '1 s'
      WHEN f.outcome <> 'LOST' AND f.counted < f.retries AND async.is_worth_retrying(f.sqlstate, f.outcome, f.retry_on)
        THEN least(f.retry_delay * f.retry_backoff ^ f.counted, f.retry_max_delay) END AS pause
    FROM failed f
  ), recorded AS
  (
    INSERT INTO async.attempt(task_id, attempt, status, started, ended, sqlstate, error, counted)
    SELECT c.task_id, c.attempts + 1,
           CASE c.outcome WHEN 'TIMED_OUT' THEN 'TIMED_OUT' WHEN 'LOST' THEN 'INTERRUPTED' ELSE 'FAILED' END,
           c.started, c.ended, c.sqlstate, c.error, NOT c.clash AND NOT c.retry_lost
    FROM chosen c WHERE c.pause IS NOT NULL
  )
  INSERT INTO async.delayed(due, task_id, lane_id)
  SELECT clock_timestamp() + c.pause, c.task_id, c.lane_id FROM chosen c WHERE c.pause IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION async.try_again(async.verdict_t[]) IS
  'Engine: puts back what did not run and what deserves another attempt';
