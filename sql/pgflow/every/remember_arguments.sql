CREATE OR REPLACE FUNCTION flow.remember_arguments(_flow_id BIGINT, _flow TEXT, _arguments JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Keeps the arguments of a run in this database.
 *
 * _flow_id, _flow: the run and its flow.
 * _arguments: as passed to flow.run_flow().
 * Writes flow.arguments.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.arguments(flow_id, flow, arguments) VALUES (_flow_id, _flow, _arguments)
  ON CONFLICT (flow_id) DO UPDATE SET flow = EXCLUDED.flow, arguments = EXCLUDED.arguments;
END;
$$;
COMMENT ON FUNCTION flow.remember_arguments(BIGINT, TEXT, JSONB) IS 'Engine: keeps the arguments of a run on a target';
