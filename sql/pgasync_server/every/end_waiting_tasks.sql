CREATE OR REPLACE FUNCTION async.end_waiting_tasks(_task_ids BIGINT[], _status TEXT, _message TEXT)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends tasks that do not run, and tells their owners.
 *
 * _task_ids: the tasks; _status, _message: how they end, and why.
 * Writes async.result, what async.forget_waiting() does, and what the owners do.
 */
#variable_conflict error
DECLARE
  results async.result_t[];
BEGIN
  IF cardinality(_task_ids) > 0 THEN
    results := ARRAY(
      SELECT ROW(t.task_id, l.owner, t.owner_id, t.owner_item, l.owner_item <> 0, _status, y.started, clock_timestamp(),
                 NULL, CASE WHEN _status <> 'FINISHED' THEN _message END)::async.result_t
      FROM async.task t
      JOIN async.lane l ON l.lane_id = t.lane_id
      LEFT JOIN async.yielded y ON y.task_id = t.task_id
      WHERE t.task_id = ANY(_task_ids));
    INSERT INTO async.result(task_id, status, started, ended, yielded, error)
    SELECT r.task_id, r.status, r.started, r.ended, y.yielded, r.error
    FROM unnest(results) r LEFT JOIN async.yielded y ON y.task_id = r.task_id;
    PERFORM async.forget_waiting(_task_ids);
    PERFORM async.deliver_results(results);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.end_waiting_tasks(BIGINT[], TEXT, TEXT) IS 'Engine: ends tasks that do not run';
