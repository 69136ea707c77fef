CREATE OR REPLACE FUNCTION async.forget_waiting(_task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes tasks that do not run out of wherever they wait; in their lane they are marked to be passed over.
 *
 * _task_ids: the tasks.
 * Writes async.yielded, async.delayed, async.requeue, async.offer, async.doom.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.yielded y WHERE y.task_id = ANY(_task_ids);
  DELETE FROM async.delayed d WHERE d.task_id = ANY(_task_ids);
  DELETE FROM async.requeue q WHERE q.task_id = ANY(_task_ids);
  PERFORM async.withdraw_offers(_task_ids);
  INSERT INTO async.doom(task_id, status)
  SELECT t.task_id, 'CANCELED'
  FROM async.task t
  WHERE t.task_id = ANY(_task_ids) AND t.seq > async.get_lane_position(t.lane_id)
  ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION async.forget_waiting(BIGINT[]) IS 'Engine: takes tasks out of wherever they wait';
