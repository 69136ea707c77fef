/* lint: allow search_path: a SET clause would cost more than all the rest */
CREATE OR REPLACE FUNCTION async.begin_task(
  _ring INT,
  _server UUID,
  _epoch BIGINT,
  _batch_id BIGINT,
  _task_id BIGINT,
  _n INT,
  _began TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE plpgsql STABLE AS
$$
/*
 * Called on the target before each task of a batch: whether the task is to run. It is not when it has been revoked
 * meanwhile, or when the batch has used up its 300 ms, so that the rest goes back; the first always has time. Looking
 * for a revocation only saves the work, since the receipt's key is what decides; it is looked for where one could be
 * by now. Sets pgflow.task, by which a session knows that it runs a task.
 * Names are qualified, operators too: a SET clause would cost more than all the rest. It is STABLE since each
 * expression would take a snapshot of its own otherwise, and an assignment stands where PERFORM would cost more.
 *
 * _ring: receipt table to look into, 0 or 1; _server, _epoch, _batch_id, _task_id: key of the receipt; _n: place of
 * the task in its batch, from 1; _began: when the batch did.
 * Returns the time, or null if the task is not to run.
 */
#variable_conflict error
DECLARE
  now CONSTANT pg_catalog.TIMESTAMPTZ := pg_catalog.clock_timestamp();
  set_to pg_catalog.TEXT;
BEGIN
  IF _n OPERATOR(pg_catalog.=) 1 OR now OPERATOR(pg_catalog.>) (_began OPERATOR(pg_catalog.+) INTERVAL '20 ms') THEN
    IF _n OPERATOR(pg_catalog.>) 1 AND now OPERATOR(pg_catalog.>) (_began OPERATOR(pg_catalog.+) INTERVAL '300 ms')
       OR async.is_revoked(_ring, _server, _epoch, _batch_id, _task_id)
    THEN
      RETURN NULL;
    END IF;
  END IF;
  set_to := pg_catalog.set_config('pgflow.task', _task_id::pg_catalog.TEXT, false);
  RETURN now;
END;
$$;
COMMENT ON FUNCTION async.begin_task(INT, UUID, BIGINT, BIGINT, BIGINT, INT, TIMESTAMPTZ) IS
  'Engine: opens a task of a batch on a target';
