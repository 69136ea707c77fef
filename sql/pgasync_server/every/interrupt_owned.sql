CREATE OR REPLACE FUNCTION async.interrupt_owned(_s async.loop_t, _payload JSONB) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels what runs of an owner, as async.cancel_owned() has asked.
 *
 * _s: state of the orchestrator, returned as it is then; _payload: that of a request async.interrupt.
 * Reads async.lane; writes async.doom.
 */
#variable_conflict error
BEGIN
  RETURN async.interrupt(_s, ARRAY(
    SELECT u
    FROM unnest(_s.slots) x
    JOIN async.lane l ON l.lane_id = x.lane_id
    CROSS JOIN LATERAL unnest(x.task_ids) u
    WHERE x.batch_id IS NOT NULL AND l.owner = _payload->>'owner' AND l.owner_id = (_payload->>'owner_id')::BIGINT
      AND l.owner_item = coalesce((_payload->>'owner_item')::INT, l.owner_item)), 'CANCELED', _payload->>'message');
END;
$$;
COMMENT ON FUNCTION async.interrupt_owned(async.loop_t, JSONB) IS 'Engine: cancels what runs of an owner';
