CREATE OR REPLACE FUNCTION async.is_revoked(_ring INT, _server UUID, _epoch BIGINT, _batch_id BIGINT, _task_id BIGINT)
RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a task of a batch has been revoked. Waits for an async.revoke_waiting() of this session's tasks that is just
 * going on. VOLATILE, so as to see what that has written. No lock of the table outlives the look: the task may take
 * hours, and receipts must rotate meanwhile.
 *
 * _ring: receipt table to look into, 0 or 1; _server, _epoch, _batch_id, _task_id: key of the receipt.
 * Reads async.receipt_0 or async.receipt_1; takes an advisory lock for a moment.
 */
#variable_conflict error
DECLARE
  answer BOOL;
BEGIN
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
    answer := FOUND;
    RAISE EXCEPTION 'looked' USING ERRCODE = 'triggered_action_exception';
  EXCEPTION WHEN triggered_action_exception THEN NULL;  -- gives the lock of the table back
  END;
  RETURN answer;
END;
$$;
COMMENT ON FUNCTION async.is_revoked(INT, UUID, BIGINT, BIGINT, BIGINT) IS
  'Engine: whether a task of a batch has been revoked';
