CREATE OR REPLACE FUNCTION async.task_begin(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_id BIGINT,
  _look BOOL) RETURNS TIMESTAMPTZ LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * Called on the target before each task of a batch: the time, or null if the task has been revoked meanwhile.
 * Only saves the work: the receipt's key is what decides. So it is
 * only looked for (_look) where it could be by now. Sets pgflow.task, by which a session knows that it runs
 * a task. Reads async.receipt_0 or _1 (_ring), by key
 * even if the plan was made when they were empty.
 */
BEGIN
  IF _look AND (_ring = 0 AND EXISTS (
       SELECT FROM async.receipt_0 r
       WHERE r.server = _server AND r.epoch = _epoch AND r.batch_id = _batch_id AND r.task_id = _task_id)
     OR _ring = 1 AND EXISTS (
       SELECT FROM async.receipt_1 r
       WHERE r.server = _server AND r.epoch = _epoch AND r.batch_id = _batch_id AND r.task_id = _task_id))
  THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('pgflow.task', _task_id::TEXT, false);
  RETURN clock_timestamp();
END;
$$;
COMMENT ON FUNCTION async.task_begin(INT, UUID, BIGINT, BIGINT, BIGINT, BOOL) IS 'Engine: opens a task of a batch on a target';
