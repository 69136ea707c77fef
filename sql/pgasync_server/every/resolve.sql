CREATE OR REPLACE FUNCTION async.resolve(_s async.loop_t, _batch_ids BIGINT[], _receipts async.receipt_t[])
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settles batches that have ended: records what became of their tasks, tells the owners, and frees the slots. All at once,
 * whatever their number. Writes async.result, attempt, requeue, delayed, yielded, batch and others.
 */
DECLARE
  slots async.slot_t[] := ARRAY(SELECT x FROM unnest(_s.slots) x WHERE x.batch_id = ANY(_batch_ids));
  verdicts async.verdict_t[];
  results async.result_t[];
BEGIN
  IF cardinality(slots) = 0 THEN
    RETURN _s;
  END IF;
  verdicts := ARRAY(SELECT v FROM async.verdicts(slots, _receipts) v);
  PERFORM async.answer_early(verdicts);
  PERFORM async.try_again(verdicts);
  results := ARRAY(SELECT r FROM async.results_of(verdicts) r);
  INSERT INTO async.result(task_id, status, started, ended, sqlstate, error)
  SELECT r.task_id, r.status, r.started, r.ended, r.sqlstate, r.error FROM unnest(results) r;
  DELETE FROM async.doom d USING unnest(verdicts) v WHERE d.task_id = v.task_id;
  DELETE FROM async.early_finish e USING unnest(verdicts) v WHERE e.task_id = v.task_id;
  DELETE FROM async.batch b WHERE b.batch_id = ANY(_batch_ids);
  PERFORM async.report_missing(slots);
  _s := async.free_slots(_s, _batch_ids, verdicts);
  PERFORM async.hook_results(results);
  _s.worked := true;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.resolve(async.loop_t, BIGINT[], async.receipt_t[]) IS 'Engine: settles batches that have ended';
