CREATE OR REPLACE FUNCTION async.apply_answer(_s async.loop_t, _target INT, _answer JSONB)
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Draws the consequences of a target's answer for its slots: progress, revocations done, sessions gone, and batches
 * whose end is now known.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets; _answer: what async.attend()
 * answered.
 * Writes what async.settle_parts() and async.settle_batches() do.
 */
#variable_conflict error
DECLARE
  this_target async.target_state_t := (_s.targets)[_target];
  asked JSONB := this_target.in_flight;
  receipts async.receipt_t[] := ARRAY(
    SELECT ROW((r.value->>0)::BIGINT, (r.value->>1)::BIGINT, (r.value->>2)::TIMESTAMPTZ,
               (r.value->>3)::TIMESTAMPTZ)::async.receipt_t
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_answer->'receipts') = 'array' THEN _answer->'receipts' END) r);
  slots async.slot_t[] := _s.slots;
  slot async.slot_t;
  settled BIGINT[] := '{}'::BIGINT[];
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    slot := slots[i];
    CONTINUE WHEN slot.target_id <> this_target.target_id OR slot.batch_id IS NULL
               OR NOT asked#>'{receipts,batch_ids}' @> to_jsonb(slot.batch_id);
    slot := async.note_receipts(slot, receipts);
    IF slot.revoking AND asked->'revoke' @> jsonb_build_array(jsonb_build_object('batch_id', slot.batch_id)) THEN
      slot.revoking := false;
      IF slot.interrupted AND NOT _answer->'troubles' @> to_jsonb(slot.batch_id) THEN
        slot.interrupt_at := coalesce(slot.interrupt_at, clock_timestamp());
      END IF;
    END IF;
    IF asked->'settle' @> to_jsonb(slot.batch_id) AND (slot.remaining IS NULL OR slot.state = 'ended') THEN
      settled := settled || slot.batch_id;
    ELSIF slot.state = 'watched' AND NOT slot.gone THEN
      slot := async.observe(slot, _answer->'sessions');
    END IF;
    slots[i] := slot;
  END LOOP;
  _s.slots := slots;
  _s := async.settle_parts(_s, receipts, settled);
  RETURN async.settle_batches(_s, settled, receipts);
END;
$$;
COMMENT ON FUNCTION async.apply_answer(async.loop_t, INT, JSONB) IS 'Engine: what follows from the answer of a target';
