CREATE OR REPLACE FUNCTION async.record_tasks(_request async.request) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records pushed tasks of run type DOA (as failed) or EMPTY (as finished) without running them.
 *
 * _request: of kind async.push.
 * Writes async.task, async.result.
 */
#variable_conflict error
DECLARE
  never_run TEXT := _request.payload->>'run_type';
  source_of_all TEXT := _request.payload->>'source';
  new_ids BIGINT[] := ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_request.payload->'task_ids') t);
BEGIN
  INSERT INTO async.task(task_id, owner_id, owner_item, query, source, task_data)
  SELECT i.task_id, 0, 0, i.item->>'query', source_of_all, i.item->'task_data'
  FROM unnest(_request.items, new_ids) i(item, task_id);

  INSERT INTO async.result(task_id, status, ended, error)
  SELECT u.task_id, CASE never_run WHEN 'DOA' THEN 'DOA' ELSE 'FINISHED' END, clock_timestamp(),
         CASE never_run WHEN 'DOA' THEN 'dead on arrival' END
  FROM unnest(new_ids) u(task_id);
END;
$$;
COMMENT ON FUNCTION async.record_tasks(async.request) IS 'Engine: records tasks that never run';
