CREATE OR REPLACE FUNCTION flow.raise_unknown_flow(_flow TEXT) RETURNS VOID LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Says that there is no such flow, and which one may have been meant.
 *
 * _flow: the name that was given.
 * Errors: PF001.
 */
#variable_conflict error
DECLARE
  near TEXT := async.find_nearest_name(_flow, flow.list_known_names('flow', NULL));
BEGIN
  RAISE EXCEPTION 'flow "%" does not exist', _flow
    USING ERRCODE = 'PF001',
    HINT = CASE WHEN near IS NULL THEN 'Make it with flow.configure_flow().' ELSE format('Did you mean "%s"?', near) END;
END;
$$;
COMMENT ON FUNCTION flow.raise_unknown_flow(TEXT) IS 'Engine: raises PF001 for a flow that does not exist';
