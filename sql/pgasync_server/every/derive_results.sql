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
 * Reads async.task, async.lane, async.early_finish, async.doom, async.delayed.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT v.task_id, l.owner, t.owner_id, t.owner_item, l.owner_item <> 0,
         CASE v.outcome WHEN 'DONE' THEN coalesce(w.verdict, e.status, 'FINISHED')
                        WHEN 'ERROR' THEN 'FAILED' WHEN 'LOST' THEN 'FAILED' ELSE v.outcome END,
         v.started, v.ended,
         CASE WHEN v.outcome <> 'DONE' THEN v.sqlstate END,
         CASE v.outcome WHEN 'DONE' THEN coalesce(w.message, e.message)
                        WHEN 'LOST' THEN 'interrupted; its outcome is unknown' ELSE v.error END
  FROM unnest(_verdicts) v
  JOIN async.task t ON t.task_id = v.task_id
  JOIN async.lane l ON l.lane_id = v.lane_id
  LEFT JOIN async.early_finish e ON e.task_id = v.task_id
  LEFT JOIN async.doom d ON d.task_id = v.task_id
  CROSS JOIN LATERAL (
    SELECT u.open, CASE WHEN u.open THEN d.status END AS verdict, CASE WHEN u.open THEN d.message END AS message
    FROM (SELECT v.outcome = 'DONE' AND coalesce(e.status = 'DEFERRED', l.asynchronous) AS open) u) w
  WHERE v.outcome <> 'BACK'
    AND NOT (w.open AND d.task_id IS NULL)
    AND NOT (v.outcome IN ('ERROR', 'LOST', 'TIMED_OUT')
             AND EXISTS (SELECT FROM async.delayed y WHERE y.task_id = v.task_id));
END;
$$;
COMMENT ON FUNCTION async.derive_results(async.verdict_t[]) IS 'Engine: the final results among verdicts';
