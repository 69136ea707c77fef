CREATE OR REPLACE FUNCTION flow.send_arguments(_flow_id BIGINT, _target_id INT) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: what a batch of a run on a target must do before its tasks. The first one keeps the run's
 * arguments there.
 *
 * _flow_id: the run.
 * _target_id: the target.
 * Returns null when they have been sent, or the target is this database.
 * Writes flow.arguments_sent.
 */
#variable_conflict error
DECLARE
  statement TEXT;
BEGIN
  IF NOT EXISTS (SELECT FROM flow.arguments_sent s WHERE s.flow_id = _flow_id AND s.target_id = _target_id)
     AND EXISTS (SELECT FROM async.target t WHERE t.target_id = _target_id AND t.connection_string IS NOT NULL) THEN
    INSERT INTO flow.arguments_sent(flow_id, target_id) VALUES (_flow_id, _target_id);
    SELECT format('PERFORM flow.remember_arguments(%L, %L, %L); COMMIT; ', r.flow_id, r.flow, r.arguments) INTO statement
    FROM flow.run r WHERE r.flow_id = _flow_id;
  END IF;
  RETURN statement;
END;
$$;
COMMENT ON FUNCTION flow.send_arguments(BIGINT, INT) IS 'Engine: brings the arguments of a run to a target';
