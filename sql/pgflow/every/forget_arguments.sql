CREATE OR REPLACE FUNCTION flow.forget_arguments(_flow_ids JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Drops the arguments of runs that the server has forgotten from the cache of this database.
 *
 * _flow_ids: the runs, an array of numbers.
 * Writes flow.arguments.
 */
#variable_conflict error
BEGIN
  DELETE FROM flow.arguments a
  WHERE a.flow_id = ANY(ARRAY(SELECT u.value::BIGINT FROM jsonb_array_elements_text(_flow_ids) u));
END;
$$;
COMMENT ON FUNCTION flow.forget_arguments(JSONB) IS 'Engine: drops the arguments of forgotten runs';
