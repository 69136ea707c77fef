CREATE OR REPLACE FUNCTION flow.find_definition(_flow TEXT) RETURNS BIGINT LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The current definition of a flow.
 *
 * _flow: name of the flow.
 * Errors: PF001 unknown flow.
 */
#variable_conflict error
DECLARE
  found_id BIGINT := (SELECT f.definition_id FROM flow.flow f WHERE f.flow = _flow);
BEGIN
  IF found_id IS NULL THEN
    PERFORM flow.raise_unknown_flow(_flow);
  END IF;
  RETURN found_id;
END;
$$;
COMMENT ON FUNCTION flow.find_definition(TEXT) IS 'Engine: the current definition of a flow';
