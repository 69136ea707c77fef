CREATE OR REPLACE FUNCTION async.note_receipts(_slot async.slot_t, _receipts async.receipt_t[])
RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings what a slot knows of its batch up to date.
 *
 * _slot: the slot, returned as it is then; _receipts: just read, of any batches.
 */
#variable_conflict error
BEGIN
  SELECT array_agg(u.task_id ORDER BY u.n) FILTER (WHERE r.task_id IS NULL), greatest(_slot.progress, max(r.ended))
  INTO _slot.remaining, _slot.progress
  FROM unnest(_slot.task_ids) WITH ORDINALITY u(task_id, n)
  LEFT JOIN unnest(_receipts) r ON r.batch_id = _slot.batch_id AND r.task_id = u.task_id;
  _slot.seen := clock_timestamp();
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.note_receipts(async.slot_t, async.receipt_t[]) IS 'Engine: what a slot knows of its batch';
