CREATE OR REPLACE FUNCTION async.yield_or_defer(_verdicts async.verdict_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Of tasks that have run: those that finish asynchronously and have had no answer yet begin to wait for it, unless
 * they are doomed, which is answer enough; those that were deferred while they ran are put off.
 *
 * _verdicts: what became of tasks; only those that are DONE count.
 * Writes async.yielded, async.delayed.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.yielded(task_id, lane_id, started, yielded, times_up)
  SELECT v.task_id, v.lane_id, v.started, v.ended,
         CASE WHEN l.timeout IS NOT NULL THEN greatest(v.started + l.timeout, clock_timestamp()) END
  FROM unnest(_verdicts) v JOIN async.lane l ON l.lane_id = v.lane_id
  WHERE v.outcome = 'DONE' AND v.asynchronous AND v.answer IS NULL AND v.doom IS NULL;

  INSERT INTO async.delayed(due, task_id, lane_id)
  SELECT clock_timestamp() + greatest(coalesce(v.answer_duration, '1 s'), '0'), v.task_id, v.lane_id
  FROM unnest(_verdicts) v
  WHERE v.outcome = 'DONE' AND v.answer = 'DEFERRED' AND v.doom IS NULL;
END;
$$;
COMMENT ON FUNCTION async.yield_or_defer(async.verdict_t[]) IS
  'Engine: tasks that wait for an answer, or got one before they ended';
