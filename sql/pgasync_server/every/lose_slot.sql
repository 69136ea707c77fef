CREATE OR REPLACE FUNCTION async.lose_slot(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives a slot's connection up. What was running may still be: the slot becomes watched until its session has ended.
 * What has ended waits for its receipts as before; an idle slot is closed.
 *
 * _slot: the slot, returned as it is then.
 */
#variable_conflict error
BEGIN
  PERFORM async.hang_up(_slot.connection);
  _slot.connection := NULL;
  _slot.state := CASE
    WHEN _slot.batch_id IS NULL THEN 'closed' WHEN _slot.state = 'ended' THEN 'ended' ELSE 'watched' END;
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.lose_slot(async.slot_t) IS 'Engine: gives a slot''s connection up';
