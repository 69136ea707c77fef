CREATE OR REPLACE FUNCTION async.forget_tasks(_task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes finished tasks with all that is kept of them.
 *
 * _task_ids: the tasks.
 * Writes async.task, async.result, async.attempt, async.doom.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.attempt a WHERE a.task_id = ANY(_task_ids);
  DELETE FROM async.doom d WHERE d.task_id = ANY(_task_ids);
  DELETE FROM async.result r WHERE r.task_id = ANY(_task_ids);
  DELETE FROM async.task t WHERE t.task_id = ANY(_task_ids);
END;
$$;
COMMENT ON FUNCTION async.forget_tasks(BIGINT[]) IS 'Engine: removes finished tasks';
