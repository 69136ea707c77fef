CREATE OR REPLACE FUNCTION flow.drop_flow(_flow TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes a flow, so that it can be run no more. Its definitions stay as long as runs of them are kept.
 *
 * _flow: name of the flow.
 * Errors: PF001 unknown flow; PF005 while a run of it is open, or while steps of another flow run it.
 * Writes flow.flow; locks the table against other configurations, and the row against new runs.
 */
#variable_conflict error
DECLARE
  users TEXT;
BEGIN
  LOCK TABLE flow.flow IN SHARE ROW EXCLUSIVE MODE;
  PERFORM flow.find_definition(_flow);
  PERFORM FROM flow.flow f WHERE f.flow = _flow FOR UPDATE;

  IF flow.has_open_run(_flow) THEN
    RAISE EXCEPTION 'flow "%" has an open run', _flow
      USING ERRCODE = 'PF005', HINT = 'Wait for its runs to end, or end them with flow.cancel().';
  END IF;

  SELECT string_agg(DISTINCT format('"%s"', f.flow), ', ') INTO users
  FROM flow.flow f
  JOIN flow.definition_node n ON n.definition_id = f.definition_id
  WHERE n.steps_to_flow = _flow;

  IF users IS NOT NULL THEN
    RAISE EXCEPTION 'flow "%" is run by steps of another flow', _flow
      USING ERRCODE = 'PF005', DETAIL = format('Nodes with this steps_to_flow are in %s.', users),
      HINT = 'Change or drop that flow first.';
  END IF;

  DELETE FROM flow.flow f WHERE f.flow = _flow;
END;
$$;
COMMENT ON FUNCTION flow.drop_flow(TEXT) IS 'Removes a flow; refused while a run of it is open';
