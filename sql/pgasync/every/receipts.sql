CREATE OR REPLACE FUNCTION async.receipts(_server UUID, _epochs BIGINT[], _batch_ids BIGINT[])
RETURNS TABLE (batch_id BIGINT, task_id BIGINT, started TIMESTAMPTZ, ended TIMESTAMPTZ) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* Receipts and revocations (ended null) of the batches named by the two arrays, element by element. */
BEGIN
  RETURN QUERY
  SELECT r.batch_id, r.task_id, r.started, r.ended
  FROM unnest(_epochs, _batch_ids) b(epoch, batch_id)
  JOIN async.receipt_0 r ON r.server = _server AND r.epoch = b.epoch AND r.batch_id = b.batch_id
  UNION ALL
  SELECT r.batch_id, r.task_id, r.started, r.ended
  FROM unnest(_epochs, _batch_ids) b(epoch, batch_id)
  JOIN async.receipt_1 r ON r.server = _server AND r.epoch = b.epoch AND r.batch_id = b.batch_id;
END;
$$;
COMMENT ON FUNCTION async.receipts(UUID, BIGINT[], BIGINT[]) IS 'Engine: what is known on a target of the tasks of some batches';
