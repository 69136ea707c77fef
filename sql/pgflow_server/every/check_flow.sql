CREATE OR REPLACE FUNCTION flow.check_flow(
  _flow TEXT,
  _timeout INTERVAL DEFAULT '10 s',
  OUT flow TEXT,
  OUT node TEXT,
  OUT kind TEXT,
  OUT target TEXT,
  OUT routine TEXT,
  OUT problem TEXT) RETURNS SETOF RECORD LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Asks every target of a flow, all at once, whether what the flow calls there can be called: the
 * procedure exists, takes one flow.callback_arguments_t, and the role with which tasks connect may execute it. Flows that
 * steps run are checked too. Nothing is called. What workers outside the database do is not asked.
 *
 * _flow: name of the flow; _timeout: longest to wait for their answers.
 * Returns a row a routine of a node; flow: the one that the node is in; kind: node or step; problem: what is wrong, null if
 *   nothing is.
 * Errors: PF001 unknown flow; those of a connection to this server.
 */
#variable_conflict error
DECLARE
  asked RECORD;
  deadline CONSTANT TIMESTAMPTZ := clock_timestamp() + _timeout;
  calls CONSTANT JSONB := (SELECT jsonb_agg(c) FROM flow.list_calls(flow.find_definition(_flow)) c);
  inspectors JSONB := '[]'::JSONB;
  problems JSONB := '{}'::JSONB;
BEGIN
  -- a connection for each target
  FOR asked IN
    SELECT c.target, t.target_id, array_agg(DISTINCT c.routine) AS routines
    FROM jsonb_to_recordset(calls) c(target TEXT, routine TEXT)
    JOIN async.target t ON t.target = c.target AND t.enabled AND NOT async.has_no_connection(t)
    GROUP BY c.target, t.target_id
  LOOP
    inspectors := inspectors || (
      to_jsonb(asked) || jsonb_build_object('inspector', flow.ask_inspector(asked.target_id, asked.routines)));
  END LOOP;
  -- and what each says
  FOR asked IN SELECT i.* FROM jsonb_to_recordset(inspectors) i(target TEXT, routines TEXT[], inspector TEXT) LOOP
    problems := problems || jsonb_build_object(asked.target, (
      SELECT jsonb_object_agg(u.routine, u.answer)
      FROM unnest(asked.routines, flow.hear_inspector(asked.inspector, asked.routines, deadline)) u(routine, answer)));
  END LOOP;
  RETURN QUERY
  SELECT c.flow, c.node, c.kind, c.target, c.routine,
         CASE WHEN t.target IS NULL THEN 'target does not exist'
              WHEN NOT t.enabled THEN 'target is not enabled'
              ELSE nullif(problems->c.target->>c.routine, '') END
  FROM jsonb_to_recordset(calls) c(flow TEXT, node_no INT, node TEXT, kind TEXT, target TEXT, routine TEXT)
  LEFT JOIN async.target t ON t.target = c.target
  ORDER BY c.flow <> _flow, c.flow, c.node_no, c.kind;
END;
$$;
COMMENT ON FUNCTION flow.check_flow(TEXT, INTERVAL) IS
  'Asks every target of a flow whether what it calls there is there and can be called';
