CREATE OR REPLACE FUNCTION async.check_restart(_payload JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses restarts of tasks that are not there, have not ended, or are not restarted by themselves.
 *
 * _payload: that of a request async.restart.
 * Errors: PF004, PF005.
 * Reads async.task, async.lane, async.request, async.result.
 */
#variable_conflict error
DECLARE
  asked BIGINT := (_payload->>'task_id')::BIGINT;
  wanted RECORD;
BEGIN
  SELECT t.owner_id <> 0 AS is_owned, t.lane_id IS NULL AS is_mere_record, r.task_id IS NOT NULL AS has_ended INTO wanted
  FROM async.task t
  LEFT JOIN async.result r ON r.task_id = t.task_id
  WHERE t.task_id = asked;
  IF NOT FOUND THEN
    IF EXISTS (SELECT FROM async.request q WHERE q.kind = 'async.push' AND q.payload->'task_ids' @> to_jsonb(asked)) THEN
      RAISE EXCEPTION 'task has not ended: %', asked USING ERRCODE = 'PF005';
    END IF;
    RAISE EXCEPTION 'unknown task: %', coalesce(asked::TEXT, 'null') USING ERRCODE = 'PF004';
  ELSIF wanted.is_owned THEN
    RAISE EXCEPTION 'task belongs to a run: %', asked USING
      ERRCODE = 'PF005', HINT = 'Restart the run from its node with flow.restart_flow().';
  ELSIF wanted.is_mere_record THEN
    RAISE EXCEPTION 'task was recorded, not to be run: %', asked USING ERRCODE = 'PF005';
  ELSIF NOT wanted.has_ended THEN
    RAISE EXCEPTION 'task has not ended: %', asked USING ERRCODE = 'PF005';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_restart(JSONB) IS 'Engine: refuses restarts of tasks that make no sense';
