/* lint: allow search_path: a SET clause would cost more than all the rest */
CREATE OR REPLACE FUNCTION async.end_task(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_id BIGINT,
  _started TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE plpgsql AS
$$
/*
 * Called on the target as the last statement of each task's transaction: puts settings, temporary tables, prepared
 * statements, cursors, channels and advisory locks back (the batch itself puts the role back, since the role left
 * behind may not call this), then writes the receipt.
 * Everything is qualified: a SET clause would cost more than all the rest. Assignments stand where PERFORM would
 * cost more.
 *
 * _ring: receipt table to write, 0 or 1; _server, _epoch, _batch_id, _task_id: key of the receipt; _started: when the
 * task began.
 * Returns when it ended, as the receipt says.
 * Errors: 23505 when the task has been revoked, which undoes its work.
 * Writes async.receipt_0 or async.receipt_1.
 */
#variable_conflict error
DECLARE
  now CONSTANT pg_catalog.TIMESTAMPTZ := pg_catalog.clock_timestamp();
  unlocked pg_catalog.TEXT;
BEGIN
  RESET ALL;
  DISCARD TEMP;
  DEALLOCATE ALL;
  EXECUTE 'CLOSE ALL';
  UNLISTEN *;
  unlocked := pg_catalog.pg_advisory_unlock_all();
  IF _ring OPERATOR(pg_catalog.=) 0 THEN
    INSERT INTO async.receipt_0(server, epoch, batch_id, task_id, started, ended)
    VALUES (_server, _epoch, _batch_id, _task_id, _started, now);
  ELSE
    INSERT INTO async.receipt_1(server, epoch, batch_id, task_id, started, ended)
    VALUES (_server, _epoch, _batch_id, _task_id, _started, now);
  END IF;
  RETURN now;
END;
$$;
COMMENT ON FUNCTION async.end_task(INT, UUID, BIGINT, BIGINT, BIGINT, TIMESTAMPTZ) IS
  'Engine: closes a task with its receipt';
