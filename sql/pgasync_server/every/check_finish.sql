CREATE OR REPLACE FUNCTION async.check_finish(_payload JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses answers for tasks that are not there or have ended. A task is there from its push on.
 *
 * _payload: that of a request async.finish.
 * Errors: PF004, PF005.
 * Reads async.task, async.request, async.result.
 */
#variable_conflict error
DECLARE
  asked BIGINT[] := ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_payload->'task_ids') u);
  wrong TEXT;
BEGIN
  SELECT string_agg(u.task_id::TEXT, ', ') INTO wrong
  FROM unnest(asked) u(task_id)
  WHERE NOT EXISTS (SELECT FROM async.task t WHERE t.task_id = u.task_id)
    AND NOT EXISTS (
      SELECT FROM async.request q WHERE q.kind = 'async.push' AND q.payload->'task_ids' @> to_jsonb(u.task_id));
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'unknown task: %', wrong USING ERRCODE = 'PF004';
  END IF;
  SELECT string_agg(u.task_id::TEXT, ', ') INTO wrong
  FROM unnest(asked) u(task_id) JOIN async.result r ON r.task_id = u.task_id;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'task has ended: %', wrong USING ERRCODE = 'PF005';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_finish(JSONB) IS 'Engine: refuses answers for tasks that are not there or have ended';
