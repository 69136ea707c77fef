CREATE OR REPLACE FUNCTION flow.find_new_steps(_flow_id BIGINT, _node TEXT, _steps JSONB[]) RETURNS JSONB[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Those of some steps that a node neither has as tasks nor gets from its definition. Steps that were pushed and are no
 * tasks yet are not looked at: there may be a million of them.
 *
 * _flow_id, _node: the run and its node; _steps: the steps, each once.
 * Returns them in their order; all of them if there is no such node.
 * Reads flow.definition_node, async.task.
 */
#variable_conflict error
DECLARE
  defined RECORD;
BEGIN
  SELECT n.node_no, n.steps INTO defined
  FROM flow.run r JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.node = _node
  WHERE r.flow_id = _flow_id;
  RETURN ARRAY(
    SELECT u.step
    FROM unnest(_steps) WITH ORDINALITY u(step, n)
    WHERE u.step NOT IN (SELECT s.step FROM unnest(defined.steps) s(step))
      AND NOT EXISTS (
        SELECT FROM async.task t
        WHERE t.owner_id = _flow_id AND t.owner_item = defined.node_no AND t.key = md5(u.step::TEXT)::UUID)
    ORDER BY u.n);
END;
$$;
COMMENT ON FUNCTION flow.find_new_steps(BIGINT, TEXT, JSONB[]) IS 'Engine: steps that a node has not got already';
