CREATE OR REPLACE FUNCTION async.derive_results(_verdicts async.verdict_t[]) RETURNS SETOF async.result_t
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The final results among verdicts: of tasks that are not put back, delayed, or waiting for an outside answer. A task
 * that has run ends as its early answer says; one that would go on waiting, or be put off, ends as it is doomed to,
 * if it is.
 *
 * _verdicts: after async.yield_or_defer() and async.try_again() have seen them.
 * Reads async.task, async.delayed.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT v.task_id, v.owner, coalesce(t.owner_id, v.owner_id), coalesce(t.owner_item, v.owner_item), v.owner_item <> 0,
         CASE v.outcome WHEN 'DONE' THEN coalesce(CASE WHEN w.open THEN v.doom END, v.answer, 'FINISHED')
                        WHEN 'ERROR' THEN 'FAILED' WHEN 'LOST' THEN 'FAILED' ELSE v.outcome END,
         v.started, v.ended,
         CASE WHEN v.outcome <> 'DONE' THEN v.sqlstate END,
         CASE v.outcome WHEN 'DONE' THEN coalesce(CASE WHEN w.open THEN v.doom_message END, v.answer_message)
                        WHEN 'LOST' THEN 'interrupted; its outcome is unknown' ELSE v.error END
  FROM unnest(_verdicts) v
  CROSS JOIN LATERAL (
    SELECT v.outcome = 'DONE' AND CASE WHEN v.answer IS NULL THEN v.asynchronous ELSE v.answer = 'DEFERRED' END AS open) w
  LEFT JOIN LATERAL (
    SELECT i.owner_id, i.owner_item FROM async.task i WHERE v.owner_item = 0 AND i.task_id = v.task_id) t ON true
  WHERE v.outcome <> 'BACK'
    AND NOT (w.open AND v.doom IS NULL)
    AND NOT (v.outcome IN ('ERROR', 'LOST', 'TIMED_OUT')
             AND EXISTS (SELECT FROM async.delayed y WHERE y.task_id = v.task_id));
END;
$$;
COMMENT ON FUNCTION async.derive_results(async.verdict_t[]) IS 'Engine: the final results among verdicts';
