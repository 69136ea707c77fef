CREATE OR REPLACE FUNCTION async.take_in_push(_request async.request) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Queues what async.push_tasks() asked for: a lane for each kind of task among them, then all tasks at once. Their ids were
 * given out when they were asked for, so async.forget_old() has to hear of the lowest: the setting pgflow.lowest_task.
 *
 * _request: of kind async.push.
 * Writes async.lane, async.open_lane, async.concurrency_pool, async.task, and async.result for tasks that never run.
 */
#variable_conflict error
DECLARE
  -- read once: the payload may be long, and is unpacked anew by each look into it
  run_type TEXT := _request.payload->>'run_type';
  origin TEXT := _request.payload->>'source';
  new_ids BIGINT[] := ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_request.payload->'task_ids') u);
  share RECORD;
  wanted async.lane;
BEGIN
  PERFORM set_config('pgflow.lowest_task', least(
    nullif(current_setting('pgflow.lowest_task', true), '')::BIGINT, (SELECT min(u) FROM unnest(new_ids) u))::TEXT, false);
  IF run_type IN ('DOA', 'EMPTY') THEN
    PERFORM async.record_tasks(_request);
    RETURN;
  END IF;
  -- a loop: as many rounds as there are lanes, mostly one
  FOR share IN
    SELECT p.target, p.priority, p.concurrency_pool, p.manual_timeout, coalesce(p.raw, false) AS raw,
           p.query IS NULL AS outside,
           array_agg(i.task_id ORDER BY i.n) AS task_ids, array_agg(p.query ORDER BY i.n) AS queries,
           array_agg(p.task_data ORDER BY i.n) AS task_data
    FROM unnest(new_ids, _request.items) WITH ORDINALITY i(task_id, item, n)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::async.task_push_t, i.item) p
    GROUP BY 1, 2, 3, 4, 5, 6
  LOOP
    SELECT t.target_id, async.ensure_pool(share.concurrency_pool, t.target_id), coalesce(share.priority, 0),
           'async', 0::BIGINT, 0, 'query', coalesce(share.manual_timeout, t.default_timeout, c.default_timeout),
           t.asynchronous_finish AND run_type <> 'EXECUTE_NOASYNC', share.raw, share.outside
    INTO wanted.target_id, wanted.pool_id, wanted.priority, wanted.owner, wanted.owner_id, wanted.owner_item,
         wanted.kind, wanted.timeout, wanted.asynchronous, wanted.raw, wanted.outside
    FROM async.target t CROSS JOIN async.control c WHERE t.target = share.target;

    INSERT INTO async.task(task_id, lane_id, seq, owner_id, owner_item, query, source, task_data)
    SELECT i.task_id, l.lane_id, nextval('async.seq'), 0, 0, i.query, origin, i.task_data
    FROM (SELECT async.ensure_lane(wanted) AS lane_id) l
    CROSS JOIN unnest(share.task_ids, share.queries, share.task_data) WITH ORDINALITY i(task_id, query, task_data, n)
    ORDER BY i.n;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.take_in_push(async.request) IS 'Engine: queues pushed tasks';
