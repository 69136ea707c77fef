CREATE OR REPLACE PROCEDURE flow.defer(_args flow.callback_arguments_t, _interval INTERVAL) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts the running node or step back, to be called again later; what it has done stays. Takes effect with the caller's
 * transaction.
 *
 * _args: as the callback got them.
 * _interval: how long to put it off.
 * Errors, on a server: PF004 unknown task, PF005 one that has ended.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.defer(ARRAY[(_args).task_id], _interval);
END;
$$;
COMMENT ON PROCEDURE flow.defer(flow.callback_arguments_t, INTERVAL) IS
  'Puts the running node or step back until later';
