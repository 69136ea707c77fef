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
BEGIN
  INSERT INTO async.task(task_id, owner_id, owner_item, query, source, task_data)
  SELECT ((_request.payload->'task_ids')->>(i.n - 1)::INT)::BIGINT, 0, 0, i.item->>'query',
         _request.payload->>'source', i.item->'task_data'
  FROM unnest(_request.items) WITH ORDINALITY i(item, n);

  INSERT INTO async.result(task_id, status, ended, error)
  SELECT t.value::BIGINT, CASE _request.payload->>'run_type' WHEN 'DOA' THEN 'DOA' ELSE 'FINISHED' END,
         clock_timestamp(),
         CASE _request.payload->>'run_type' WHEN 'DOA' THEN 'dead on arrival' END
  FROM jsonb_array_elements_text(_request.payload->'task_ids') t;
END;
$$;
COMMENT ON FUNCTION async.record_tasks(async.request) IS 'Engine: records tasks that never run';
