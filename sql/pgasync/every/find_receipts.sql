CREATE OR REPLACE FUNCTION async.find_receipts(
  _server UUID,
  _epochs BIGINT[],
  _batch_ids BIGINT[],
  _rings INT[] DEFAULT '{0,1}')
RETURNS TABLE (batch_id BIGINT, task_id BIGINT, started TIMESTAMPTZ, ended TIMESTAMPTZ)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Receipts and revocations of some batches. OFFSET 0 keeps the planner to one look-up by key for each batch, whatever
 * it thinks of the tables. One that is not asked for is not locked either, so that it can be emptied meanwhile.
 *
 * _server: identity of the server that assigned them; _epochs, _batch_ids: the batches, element by element; _rings:
 * receipt tables to look into, 0 and 1.
 * Returns a row a receipt; ended is null for a revocation.
 * Reads async.receipt_0 and async.receipt_1.
 */
#variable_conflict error
BEGIN
  IF 0 = ANY(_rings) THEN
    RETURN QUERY
    SELECT r.batch_id, r.task_id, r.started, r.ended
    FROM unnest(_epochs, _batch_ids) b(epoch, batch_id)
    CROSS JOIN LATERAL (
      SELECT q.batch_id, q.task_id, q.started, q.ended
      FROM async.receipt_0 q WHERE q.server = _server AND q.epoch = b.epoch AND q.batch_id = b.batch_id OFFSET 0) r;
  END IF;
  IF 1 = ANY(_rings) THEN
    RETURN QUERY
    SELECT r.batch_id, r.task_id, r.started, r.ended
    FROM unnest(_epochs, _batch_ids) b(epoch, batch_id)
    CROSS JOIN LATERAL (
      SELECT q.batch_id, q.task_id, q.started, q.ended
      FROM async.receipt_1 q WHERE q.server = _server AND q.epoch = b.epoch AND q.batch_id = b.batch_id OFFSET 0) r;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.find_receipts(UUID, BIGINT[], BIGINT[], INT[]) IS
  'Engine: what is known on a target of the tasks of some batches';
