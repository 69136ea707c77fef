CREATE OR REPLACE FUNCTION flow.resend_arguments(_flow_id BIGINT, _target_id INT) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: a target turned out not to have the arguments of a run, so that the next batch must bring them.
 *
 * _flow_id: the run.
 * _target_id: the target.
 * Writes flow.arguments_sent.
 */
#variable_conflict error
BEGIN
  DELETE FROM flow.arguments_sent s WHERE s.flow_id = _flow_id AND s.target_id = _target_id;
END;
$$;
COMMENT ON FUNCTION flow.resend_arguments(BIGINT, INT) IS 'Engine: has the arguments of a run sent again';
