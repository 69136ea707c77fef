CREATE OR REPLACE FUNCTION flow.cancel(_flow_id BIGINT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends a run: what waits is CANCELED, what runs is interrupted. Takes effect with the caller's transaction.
 *
 * _flow_id: the run.
 * Errors, on a server: PF002 unknown run, PF005 one that has ended.
 * Writes async.request.
 */
#variable_conflict error
BEGIN
  PERFORM async.add_request('flow.cancel', jsonb_build_object('flow_id', _flow_id));
END;
$$;
COMMENT ON FUNCTION flow.cancel(BIGINT) IS 'Ends a run';
