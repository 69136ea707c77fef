CREATE OR REPLACE FUNCTION flow.make_callback_header(_flow_id BIGINT) RETURNS flow.callback_arguments_t
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What all callbacks of a run have in common; called once a batch, on the target.
 *
 * _flow_id: the run.
 * Errors: PF014 when the arguments of the run have not come to this target; they are then sent with the next batch.
 */
#variable_conflict error
DECLARE
  cached flow.arguments;
BEGIN
  SELECT a.* INTO cached FROM flow.arguments a WHERE a.flow_id = _flow_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'arguments of run % have not come here', _flow_id USING ERRCODE = 'PF014';
  END IF;
  RETURN ROW(cached.flow_id, cached.flow, cached.arguments, NULL, NULL, NULL)::flow.callback_arguments_t;
END;
$$;
COMMENT ON FUNCTION flow.make_callback_header(BIGINT) IS 'Engine: what all callbacks of a run have in common';
