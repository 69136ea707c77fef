CREATE OR REPLACE FUNCTION async.revoke(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes the receipts' keys of tasks, so that none of them can commit any more in that batch; those that have a
 * receipt keep it. Waits for a transaction that is just writing one.
 *
 * _ring: receipt table of the batch, 0 or 1; _server, _epoch, _batch_id, _task_ids: keys of the receipts.
 * Errors: 55P03 when that transaction takes longer than lock_timeout.
 * Writes async.receipt_0 or async.receipt_1.
 */
#variable_conflict error
BEGIN
  IF _ring = 0 THEN
    INSERT INTO async.receipt_0(server, epoch, batch_id, task_id)
    SELECT _server, _epoch, _batch_id, u.task_id FROM unnest(_task_ids) u(task_id)
    ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO async.receipt_1(server, epoch, batch_id, task_id)
    SELECT _server, _epoch, _batch_id, u.task_id FROM unnest(_task_ids) u(task_id)
    ON CONFLICT DO NOTHING;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.revoke(INT, UUID, BIGINT, BIGINT, BIGINT[]) IS
  'Engine: makes sure that tasks of a batch can no longer commit';
