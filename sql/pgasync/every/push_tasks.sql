CREATE OR REPLACE FUNCTION async.push_tasks(
  _tasks async.task_push_t[],
  _run_type async.task_run_type_t DEFAULT 'EXECUTE',
  _source TEXT DEFAULT NULL) RETURNS SETOF BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Queues tasks. On a server they start when the caller commits; on a client they are pushed over async.server() and
 * start at once.
 *
 * _tasks: what to run, as async.task() builds it; _run_type: whether to run it; _source: free text that the views
 * show.
 * Returns their ids, in order.
 * Errors: PF007 unknown target, 22004 a task without target, 22023 a query for a target without a connection; PF008 on a
 * client without a server.
 * Writes async.request.
 */
#variable_conflict error
DECLARE
  new_ids BIGINT[];
BEGIN
  IF to_regclass('async.task') IS NULL THEN
    RETURN QUERY SELECT a::BIGINT FROM async.ask_server(format(
      'SELECT async.push_tasks(%L::async.task_push_t[], %L, %L)', _tasks, _run_type, _source)) a;
    RETURN;
  END IF;
  PERFORM async.check_push(_tasks);
  new_ids := ARRAY(SELECT nextval('async.task_id_seq') FROM generate_series(1, cardinality(_tasks)));
  PERFORM async.add_request(
    'async.push',
    jsonb_build_object('run_type', _run_type, 'source', _source, 'task_ids', new_ids),
    ARRAY(SELECT value FROM jsonb_array_elements(to_jsonb(_tasks))));
  RETURN QUERY SELECT unnest(new_ids);
END;
$$;
COMMENT ON FUNCTION async.push_tasks(async.task_push_t[], async.task_run_type_t, TEXT) IS
  'Queues tasks and returns their ids';
