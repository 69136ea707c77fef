/* lint: allow search_path: a SET clause would cost more than all the rest */
CREATE OR REPLACE FUNCTION async.begin_task(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_id BIGINT,
  _n INT,
  _began TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE plpgsql AS
$$
/*
 * Called on the target before each task of a batch: whether the task is to run. It is not when it has been revoked
 * meanwhile, or when the batch has used up its 300 ms, so that the rest goes back; the first always has time. Looking
 * for a revocation only saves the work, since the receipt's key is what decides; it is looked for where one could be
 * by now, behind the lock of async.revoke_waiting(), and so that no lock of that table outlives the look: a task may
 * take hours, and receipts must rotate meanwhile. Sets pgflow.task, by which a session knows that it runs a task.
 * Names are qualified, operators too: a SET clause would cost more than all the rest.
 *
 * _ring: receipt table to look into, 0 or 1; _server, _epoch, _batch_id, _task_id: key of the receipt; _n: place of
 * the task in its batch, from 1; _began: when the batch did.
 * Returns the time, or null if the task is not to run.
 * Reads async.receipt_0 or async.receipt_1.
 */
#variable_conflict error
DECLARE
  now CONSTANT pg_catalog.TIMESTAMPTZ := pg_catalog.clock_timestamp();
  is_revoked pg_catalog.BOOL;
BEGIN
  IF _n OPERATOR(pg_catalog.>) 1 AND now OPERATOR(pg_catalog.>) (_began OPERATOR(pg_catalog.+) INTERVAL '300 ms') THEN
    RETURN NULL;
  END IF;
  IF _n OPERATOR(pg_catalog.=) 1 OR now OPERATOR(pg_catalog.>) (_began OPERATOR(pg_catalog.+) INTERVAL '20 ms') THEN
    PERFORM pg_catalog.pg_advisory_lock_shared(1885759282, pg_catalog.pg_backend_pid());
    PERFORM pg_catalog.pg_advisory_unlock_shared(1885759282, pg_catalog.pg_backend_pid());
    BEGIN
      IF _ring OPERATOR(pg_catalog.=) 0 THEN
        PERFORM FROM async.receipt_0 r
        WHERE r.server OPERATOR(pg_catalog.=) _server AND r.epoch OPERATOR(pg_catalog.=) _epoch
          AND r.batch_id OPERATOR(pg_catalog.=) _batch_id AND r.task_id OPERATOR(pg_catalog.=) _task_id;
      ELSE
        PERFORM FROM async.receipt_1 r
        WHERE r.server OPERATOR(pg_catalog.=) _server AND r.epoch OPERATOR(pg_catalog.=) _epoch
          AND r.batch_id OPERATOR(pg_catalog.=) _batch_id AND r.task_id OPERATOR(pg_catalog.=) _task_id;
      END IF;
      is_revoked := FOUND;
      RAISE EXCEPTION 'looked' USING ERRCODE = 'triggered_action_exception';
    EXCEPTION WHEN triggered_action_exception THEN NULL;  -- gives the lock of the table back
    END;
    IF is_revoked THEN
      RETURN NULL;
    END IF;
  END IF;
  PERFORM pg_catalog.set_config('pgflow.task', _task_id::pg_catalog.TEXT, false);
  RETURN now;
END;
$$;
COMMENT ON FUNCTION async.begin_task(INT, UUID, BIGINT, BIGINT, BIGINT, INT, TIMESTAMPTZ) IS
  'Engine: opens a task of a batch on a target';
