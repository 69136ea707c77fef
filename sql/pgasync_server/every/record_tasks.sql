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
  -- read once: the payload may be long, and is unpacked anew by each look into it
  is_doa BOOL := _request.payload->>'run_type' = 'DOA';
  origin TEXT := _request.payload->>'source';
  new_ids BIGINT[] := ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_request.payload->'task_ids') u);
BEGIN
  INSERT INTO async.task(task_id, owner_id, owner_item, query, source, task_data)
  SELECT i.task_id, 0, 0, i.item->>'query', origin, i.item->'task_data'
  FROM unnest(new_ids, _request.items) i(task_id, item);

  INSERT INTO async.result(task_id, status, ended, error)
  SELECT i.task_id, CASE WHEN is_doa THEN 'DOA' ELSE 'FINISHED' END, clock_timestamp(),
         CASE WHEN is_doa THEN 'dead on arrival' END
  FROM unnest(new_ids) i(task_id);
END;
$$;
COMMENT ON FUNCTION async.record_tasks(async.request) IS 'Engine: records tasks that never run';
