CREATE OR REPLACE FUNCTION async.may_begin(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_id BIGINT,
  _n INT,
  _began TIMESTAMPTZ) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a task of a batch may begin. It may not when it has been revoked meanwhile, or when the batch has used up its
 * 300 ms, so that the rest goes back; the first always has time. Waits for an async.revoke_waiting() of this session's
 * tasks that is just going on. VOLATILE, so as to see what that has written. No lock of the table outlives the look: the
 * task may take hours, and receipts must rotate meanwhile.
 *
 * A batch asks only where a revocation could be by now (async.build_message()).
 *
 * _ring: receipt table to look into, 0 or 1; _server, _epoch, _batch_id, _task_id: key of the receipt; _n: place of
 * the task in its batch, from 1; _began: when the batch did.
 * Reads async.receipt_0 or async.receipt_1; takes an advisory lock for a moment.
 */
#variable_conflict error
DECLARE
  revoked BOOL;
BEGIN
  IF _n > 1 AND clock_timestamp() > _began + INTERVAL '300 ms' THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_lock_shared(1885759282, pg_backend_pid());
  PERFORM pg_advisory_unlock_shared(1885759282, pg_backend_pid());
  BEGIN
    IF _ring = 0 THEN
      PERFORM FROM async.receipt_0 r
      WHERE r.server = _server AND r.epoch = _epoch AND r.batch_id = _batch_id AND r.task_id = _task_id;
    ELSE
      PERFORM FROM async.receipt_1 r
      WHERE r.server = _server AND r.epoch = _epoch AND r.batch_id = _batch_id AND r.task_id = _task_id;
    END IF;
    revoked := FOUND;
    RAISE EXCEPTION 'looked' USING ERRCODE = 'triggered_action_exception';
  EXCEPTION WHEN triggered_action_exception THEN NULL;  -- gives the lock of the table back
  END;
  RETURN NOT revoked;
END;
$$;
COMMENT ON FUNCTION async.may_begin(INT, UUID, BIGINT, BIGINT, BIGINT, INT, TIMESTAMPTZ) IS
  'Engine: whether a task of a batch may begin';
