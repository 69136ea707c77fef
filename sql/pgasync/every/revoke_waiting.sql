CREATE OR REPLACE FUNCTION async.revoke_waiting(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_ids BIGINT[],
  _pid INT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Revokes the tasks of a batch that its session has not begun; the one that it is at goes on. Callbacks that commit by
 * themselves need this: revoked in the midst of it, one would be done twice although nothing died.
 *
 * The lock is held to the end of the transaction, so the session begins no other task before the revocations can be
 * seen; the task it is at is then the first without a receipt. A session does not ask for the lock (async.may_begin())
 * where the task before the last has ended within 20 ms, or the batch has begun within; so one that shows such signs
 * of life, as of 50 ms, is left alone.
 *
 * _ring, _server, _epoch, _batch_id: keys of the receipts; _task_ids: in the order in which the batch runs them;
 * _pid: process id of its session.
 * Errors: 55P03 as async.revoke().
 * Reads pg_stat_activity; writes async.receipt_0 or async.receipt_1; takes an advisory lock.
 */
#variable_conflict error
BEGIN
  PERFORM pg_advisory_xact_lock(1885759282, _pid);
  PERFORM async.revoke(_ring, _server, _epoch, _batch_id, w.task_ids[2:])
  FROM (
    SELECT array_agg(u.task_id ORDER BY u.n) FILTER (WHERE r.task_id IS NULL) AS task_ids, max(r.ended) AS latest
    FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n)
    LEFT JOIN async.find_receipts(_server, ARRAY[_epoch], ARRAY[_batch_id]) r ON r.task_id = u.task_id) w
  WHERE EXISTS (
    SELECT FROM pg_stat_activity a
    WHERE a.pid = _pid AND greatest(a.query_start, w.latest) < clock_timestamp() - INTERVAL '50 ms');
END;
$$;
COMMENT ON FUNCTION async.revoke_waiting(INT, UUID, BIGINT, BIGINT, BIGINT[], INT) IS
  'Engine: makes sure that tasks of a batch that have not begun never will';
