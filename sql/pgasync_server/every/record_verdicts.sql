CREATE OR REPLACE FUNCTION async.record_verdicts(_verdicts async.verdict_t[]) RETURNS async.result_t[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Records what became of tasks that have run, or were taken back: all at once, whatever their number.
 *
 * _verdicts: a task once.
 * Returns the final results, of which the caller tells the owners.
 * Writes async.result, async.attempt, async.requeue, async.delayed, async.yielded, async.doom, async.early_finish.
 */
#variable_conflict error
DECLARE
  results async.result_t[];
  open BOOL;
  ailing BOOL;
  noted BOOL;
BEGIN
  SELECT bool_or(v.asynchronous OR v.answer IS NOT NULL), bool_or(v.outcome <> 'DONE'),
         bool_or(v.doom IS NOT NULL OR v.answer IS NOT NULL)
  INTO open, ailing, noted
  FROM unnest(_verdicts) v;
  IF open THEN
    PERFORM async.yield_or_defer(_verdicts);
  END IF;
  IF ailing THEN
    PERFORM async.try_again(_verdicts);
  END IF;
  results := ARRAY(SELECT r FROM async.derive_results(_verdicts) r);
  INSERT INTO async.result(task_id, status, started, ended, sqlstate, error)
  SELECT r.task_id, r.status, r.started, r.ended, r.sqlstate, r.error FROM unnest(results) r;
  IF noted THEN
    DELETE FROM async.doom d
    WHERE d.task_id = ANY(ARRAY(SELECT v.task_id FROM unnest(_verdicts) v WHERE v.doom IS NOT NULL));
    DELETE FROM async.early_finish e
    WHERE e.task_id = ANY(ARRAY(SELECT v.task_id FROM unnest(_verdicts) v WHERE v.answer IS NOT NULL));
  END IF;
  RETURN results;
END;
$$;
COMMENT ON FUNCTION async.record_verdicts(async.verdict_t[]) IS 'Engine: records what became of tasks';
