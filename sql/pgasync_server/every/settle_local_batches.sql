CREATE OR REPLACE FUNCTION async.settle_local_batches(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settles batches that have ended and whose receipts are at hand: those that ran in this database, and raw ones,
 * which have none; of a target without our client nothing can be learned about a session that was lost. Locks no
 * receipt table but those of these batches: this cycle may just have asked for the other one to be emptied.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.receipt_0 and async.receipt_1; writes what async.settle_batches() does.
 */
#variable_conflict error
DECLARE
  epochs BIGINT[];
  batch_ids BIGINT[];
  rings INT[];
  receipts async.receipt_t[];
BEGIN
  SELECT array_agg(x.epoch), array_agg(x.batch_id), array_agg(x.ring) INTO epochs, batch_ids, rings
  FROM unnest(_s.slots) x JOIN unnest(_s.targets) t ON t.target_id = x.target_id
  WHERE x.state = 'ended' AND NOT x.revoking AND (t.is_self OR x.raw)
     OR x.state = 'watched' AND t.state = 'up' AND NOT t.has_client;
  IF batch_ids IS NULL THEN
    RETURN _s;
  END IF;
  receipts := ARRAY(SELECT r::async.receipt_t FROM async.find_receipts(_s.server, epochs, batch_ids, rings) r);
  RETURN async.settle_batches(_s, batch_ids, receipts);
END;
$$;
COMMENT ON FUNCTION async.settle_local_batches(async.loop_t) IS 'Engine: settles batches that ended in this database';
