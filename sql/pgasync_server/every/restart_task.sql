CREATE OR REPLACE FUNCTION async.restart_task(_task_id BIGINT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs a task that has ended again, however it ended, under the same task_id. How it ended before is kept as an attempt, and
 * it has all its retries again. Takes effect with the caller's transaction.
 *
 * _task_id: the task, one that async.push_tasks() queued.
 * Errors: PF004 unknown task; PF005 one that has not ended, was recorded and never meant to run, or belongs to a run.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('async.restart', jsonb_build_object('task_id', _task_id));
END;
$$;
COMMENT ON FUNCTION async.restart_task(BIGINT) IS 'Runs a task that has ended again';
