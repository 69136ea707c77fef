CREATE OR REPLACE FUNCTION async.finish_opening(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads which session a slot has got, or that it is clean, once it has said so: then the slot is idle. One that has
 * not after 10 s, or whose connection is gone, is closed.
 *
 * _slot: one that is opening, returned as it is then.
 */
#variable_conflict error
DECLARE
  session JSONB;
BEGIN
  IF async.is_busy(_slot.connection) THEN
    RETURN CASE WHEN clock_timestamp() > _slot.progress + INTERVAL '10 s' THEN async.lose_slot(_slot) ELSE _slot END;
  END IF;
  SELECT CASE WHEN r.answer = 'DISCARD ALL' THEN jsonb_build_array(_slot.pid, _slot.backend_start)
              ELSE r.answer::JSONB END
  INTO STRICT session FROM async.dblink_result(_slot.connection) r(answer);
  PERFORM FROM async.dblink_result(_slot.connection);
  RETURN async.make_idle_slot(
    _slot.slot_no, _slot.target_id, _slot.connection, (session->>0)::INT, (session->>1)::TIMESTAMPTZ);
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  RETURN async.lose_slot(_slot);
END;
$$;
COMMENT ON FUNCTION async.finish_opening(async.slot_t) IS 'Engine: reads which session a slot has got';
