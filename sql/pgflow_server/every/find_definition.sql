CREATE OR REPLACE FUNCTION flow.find_definition(_flow TEXT) RETURNS BIGINT
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The current definition of a flow.
 *
 * _flow: name of the flow.
 * Errors: PF001 if there is no such flow.
 */
#variable_conflict error
DECLARE
  found_id BIGINT := (SELECT f.definition_id FROM flow.flow f WHERE f.flow = _flow);
  near TEXT;
BEGIN
  IF found_id IS NULL THEN
    near := async.nearest_name(_flow, flow.known_names('flow', NULL));
    RAISE EXCEPTION 'flow "%" does not exist', _flow
      USING ERRCODE = 'PF001',
      HINT = CASE WHEN near IS NULL THEN 'Make it with flow.configure_flow().' ELSE format('Did you mean "%s"?', near) END;
  END IF;

  RETURN found_id;
END;
$$;

COMMENT ON FUNCTION flow.find_definition(TEXT) IS
  'private: the current definition of a flow';
