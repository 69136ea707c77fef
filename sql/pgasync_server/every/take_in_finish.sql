CREATE OR REPLACE FUNCTION async.take_in_finish(_s async.loop_t, _payload JSONB) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Resolves tasks by an answer from outside. Yielded and waiting ones end now; running ones are interrupted when the
 * answer is CANCELED, otherwise it waits for their end. Finished ones are left alone.
 *
 * _s: state of the orchestrator, returned as it is then; _payload: that of a request async.finish.
 * Writes async.result, async.delayed, async.doom, async.early_finish, async.offer.
 */
#variable_conflict error
DECLARE
  asked BIGINT[] := ARRAY(SELECT DISTINCT t.value::BIGINT FROM jsonb_array_elements_text(_payload->'task_ids') t);
  running BIGINT[];
  settled BIGINT[];
BEGIN
  asked := ARRAY(
    SELECT t.task_id FROM async.task t
    WHERE t.task_id = ANY(asked) AND NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id));
  running := ARRAY(
    SELECT u FROM unnest(_s.slots) x CROSS JOIN LATERAL unnest(x.task_ids) u WHERE x.batch_id IS NOT NULL AND u = ANY(asked));
  settled := ARRAY(SELECT u FROM unnest(asked) u WHERE NOT u = ANY(running));

  IF _payload->>'status' = 'CANCELED' THEN
    _s := async.interrupt(_s, running, 'CANCELED', _payload->>'message');
  ELSE
    INSERT INTO async.early_finish(task_id, status, message, duration)
    SELECT u, _payload->>'status', _payload->>'message', (_payload->>'duration')::INTERVAL FROM unnest(running) u
    ON CONFLICT DO NOTHING;
  END IF;

  IF _s.outside AND _payload->>'status' <> 'DEFERRED' THEN
    settled := async.settle_offers(settled, _payload->>'status', _payload->>'message');
  END IF;
  IF _payload->>'status' = 'DEFERRED' THEN
    PERFORM async.put_off(settled, coalesce((_payload->>'duration')::INTERVAL, '1 s'));
  ELSE
    PERFORM async.end_waiting_tasks(settled, _payload->>'status', _payload->>'message');
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_in_finish(async.loop_t, JSONB) IS 'Engine: resolves tasks by an answer from outside';
