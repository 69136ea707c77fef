CREATE OR REPLACE PROCEDURE flow.defer(_args flow.callback_arguments_t, _interval INTERVAL) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Puts the running node or step back, to be called again once _interval has passed; what it has done stays. Takes effect
 * with the caller's transaction. Errors: as flow.finish(). Writes async.request.
 */
BEGIN
  PERFORM async.defer(ARRAY[(_args).task_id], _interval);
END;
$$;
COMMENT ON PROCEDURE flow.defer(flow.callback_arguments_t, INTERVAL) IS 'Puts the running node or step back until later';
