CREATE OR REPLACE FUNCTION async.settle_batches(
  _s async.loop_t,
  _batch_ids BIGINT[],
  _receipts async.receipt_t[]) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settles batches that have ended: records what became of their tasks, frees the slots, and tells the owners. All at
 * once, whatever their number.
 *
 * _s: state of the orchestrator, returned as it is then; _batch_ids: the batches; _receipts: all that there are of
 * them, and maybe of others.
 * Writes async.batch, and what async.record_verdicts() and the owners do.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := ARRAY(SELECT x FROM unnest(_s.slots) x WHERE x.batch_id = ANY(_batch_ids));
  verdicts async.verdict_t[];
  results async.result_t[];
BEGIN
  IF cardinality(slots) = 0 THEN
    RETURN _s;
  END IF;
  verdicts := ARRAY(SELECT v FROM async.judge_batches(slots, _receipts) v);
  results := async.record_verdicts(verdicts);
  DELETE FROM async.batch b WHERE b.batch_id = ANY(_batch_ids);
  IF EXISTS (SELECT FROM unnest(slots) x WHERE x.sqlstate = 'MISSING') THEN
    PERFORM async.report_missing(slots);
  END IF;
  _s := async.free_slots(_s, _batch_ids, verdicts);
  PERFORM async.deliver_results(results);
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.settle_batches(async.loop_t, BIGINT[], async.receipt_t[]) IS
  'Engine: settles batches that have ended';
