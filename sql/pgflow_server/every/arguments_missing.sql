CREATE OR REPLACE FUNCTION flow.arguments_missing(_flow_id BIGINT, _target_id INT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/* A target turned out not to have the arguments of a run: the next batch brings them. Writes flow.arguments_sent. */
BEGIN
  DELETE FROM flow.arguments_sent s WHERE s.flow_id = _flow_id AND s.target_id = _target_id;
END;
$$;
COMMENT ON FUNCTION flow.arguments_missing(BIGINT, INT) IS 'Engine: has the arguments of a run sent again';
