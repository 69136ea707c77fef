CREATE OR REPLACE FUNCTION flow.assert_restartable(_flow_id BIGINT, _node TEXT) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses the restart of a run that has not ended, or of which something is missing, and keeps it from being removed, its
 * flow from being dropped, and other restarts of it waiting until the caller's transaction has ended.
 *
 * _flow_id: the run; _node: node from which it is to be restarted, or null.
 * Returns the definition that it keeps to.
 * Errors: PF001, PF002, PF003, PF005, see flow.restart_flow().
 * Locks rows of flow.run, flow.arguments and flow.flow.
 */
#variable_conflict error
DECLARE
  asked flow.run;
BEGIN
  SELECT r.* INTO asked FROM flow.run r WHERE r.flow_id = _flow_id FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown run %', coalesce(_flow_id::TEXT, 'null') USING ERRCODE = 'PF002';
  ELSIF EXISTS (SELECT FROM flow.open_run o WHERE o.flow_id = _flow_id) THEN
    RAISE EXCEPTION 'run % has not ended', _flow_id USING
      ERRCODE = 'PF005', HINT = 'Wait for its end, or end it with flow.cancel().';
  END IF;
  PERFORM FROM flow.arguments a WHERE a.flow_id = _flow_id FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'run % is being removed', _flow_id USING
      ERRCODE = 'PF005', HINT = 'It ended longer ago than task_keep_duration.';
  ELSIF _node IS NOT NULL AND NOT EXISTS (
    SELECT FROM flow.definition_node n WHERE n.definition_id = asked.definition_id AND n.node = _node) THEN
    RAISE EXCEPTION 'unknown node "%" in run %', _node, _flow_id USING
      ERRCODE = 'PF003', HINT = coalesce((
        SELECT 'Did you mean "' || async.find_nearest_name(_node, array_agg(n.node)) || '"?'
        FROM flow.definition_node n WHERE n.definition_id = asked.definition_id), 'flow.walk_flow() shows which there are.');
  END IF;
  PERFORM FROM flow.flow f WHERE f.flow = asked.flow FOR KEY SHARE;
  IF NOT FOUND THEN
    PERFORM flow.raise_unknown_flow(asked.flow);
  END IF;
  RETURN asked.definition_id;
END;
$$;
COMMENT ON FUNCTION flow.assert_restartable(BIGINT, TEXT) IS 'Engine: refuses restarts that make no sense';
