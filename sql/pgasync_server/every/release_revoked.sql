CREATE OR REPLACE FUNCTION async.release_revoked(_s async.loop_t, _receipts async.receipt_t[], _settled BIGINT[])
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives tasks that were taken back from batches that still run to others: those that are revoked, not doomed, and not in a
 * batch that is being settled. Writes async.requeue, async.batch.
 */
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
  taken BIGINT[];
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.state <> 'busy' OR slot.revoking OR slot.batch_id = ANY(_settled);
    taken := ARRAY(
      SELECT u.task_id
      FROM unnest(_receipts) r JOIN unnest(slot.task_ids) WITH ORDINALITY u(task_id, n) ON u.task_id = r.task_id
      WHERE r.batch_id = slot.batch_id AND r.ended IS NULL
        AND NOT EXISTS (SELECT FROM async.doom d WHERE d.task_id = r.task_id)
      ORDER BY u.n);
    CONTINUE WHEN cardinality(taken) = 0;
    PERFORM async.put_back(slot.lane_id, taken);
    slot.task_ids := ARRAY(SELECT u FROM unnest(slot.task_ids) u WHERE NOT u = ANY(taken));
    UPDATE async.batch b SET task_ids = slot.task_ids WHERE b.batch_id = slot.batch_id;
    slots[i] := slot;
    _s.worked := true;
  END LOOP;
  _s.slots := slots;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.release_revoked(async.loop_t, async.receipt_t[], BIGINT[]) IS
  'Engine: gives tasks taken back from a running batch to others';
