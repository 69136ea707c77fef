CREATE OR REPLACE FUNCTION async.settle_parts(_s async.loop_t, _receipts async.receipt_t[], _settled BIGINT[])
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settles what is known already of batches that still run: tasks with a receipt have ended; those that were taken
 * back go to others, or end as they are doomed to, but for one that may still be running. The batch keeps the rest.
 *
 * _s: state of the orchestrator, returned as it is then; _receipts: just read, of any batches; _settled: batches to
 * leave alone, since they have ended.
 * Writes async.batch, and what async.record_verdicts() and the owners do.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
  part async.slot_t;
  parts async.slot_t[] := '{}'::async.slot_t[];
  verdicts async.verdict_t[];
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.state <> 'busy' OR slot.batch_id = ANY(_settled);
    part := slot;
    part.task_ids := ARRAY(
      SELECT u.task_id
      FROM unnest(slot.task_ids) WITH ORDINALITY u(task_id, n)
      JOIN unnest(_receipts) r ON r.batch_id = slot.batch_id AND r.task_id = u.task_id
      WHERE r.ended IS NOT NULL OR NOT slot.interrupted
         OR (SELECT true FROM async.doom d WHERE d.task_id = u.task_id) IS NULL
      ORDER BY u.n);
    CONTINUE WHEN cardinality(part.task_ids) = 0;
    part.state := 'ended';
    parts := parts || part;
    slot.task_ids := ARRAY(SELECT u FROM unnest(slot.task_ids) u WHERE NOT u = ANY(part.task_ids));
    slots[i] := slot;
    UPDATE async.batch b SET task_ids = slot.task_ids WHERE b.batch_id = slot.batch_id;
  END LOOP;
  IF cardinality(parts) > 0 THEN
    _s.slots := slots;
    _s.worked := true;
    verdicts := ARRAY(SELECT v FROM async.judge_batches(parts, _receipts) v);
    PERFORM async.deliver_results(async.record_verdicts(verdicts));
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.settle_parts(async.loop_t, async.receipt_t[], BIGINT[]) IS
  'Engine: settles what is known already of batches that still run';
