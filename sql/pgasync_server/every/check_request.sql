CREATE OR REPLACE FUNCTION async.check_request() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Trigger on async.request: refuses answers for tasks that are not there or have ended, while the caller can still be told.
 * Errors: PF004, PF005. Reads async.task, async.request, async.result.
 */
DECLARE
  wrong TEXT;
BEGIN
  SELECT string_agg(u.task_id, ', ') INTO wrong
  FROM jsonb_array_elements_text(NEW.payload->'task_ids') u(task_id)
  WHERE NOT EXISTS (SELECT FROM async.task t WHERE t.task_id = u.task_id::BIGINT)
    AND NOT EXISTS (
      SELECT FROM async.request q
      WHERE q.kind = 'async.push' AND q.payload->'task_ids' @> to_jsonb(u.task_id::BIGINT));
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'unknown task: %', wrong USING ERRCODE = 'PF004';
  END IF;
  SELECT string_agg(u.task_id, ', ') INTO wrong
  FROM jsonb_array_elements_text(NEW.payload->'task_ids') u(task_id)
  JOIN async.result r ON r.task_id = u.task_id::BIGINT;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'task has ended: %', wrong USING ERRCODE = 'PF005';
  END IF;
  RETURN NEW;
END;
$$;
COMMENT ON FUNCTION async.check_request() IS 'Engine: refuses answers for tasks that are not there or have ended';
DROP TRIGGER IF EXISTS check_async_request ON async.request;
CREATE TRIGGER check_async_request BEFORE INSERT ON async.request
FOR EACH ROW WHEN (NEW.kind = 'async.finish') EXECUTE FUNCTION async.check_request();
