CREATE OR REPLACE FUNCTION flow.choose_nodes(
  _definition_id BIGINT,
  _only_these_nodes TEXT[],
  _add_parents BOOL,
  _add_children BOOL) RETURNS INT[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * The nodes that a run is to run.
 *
 * _definition_id: its definition; _only_these_nodes, _add_parents, _add_children: as flow.run_flow() got them.
 * Returns numbers of nodes, in order; null: all.
 * Errors: PF003 unknown nodes: all of them, each with what may have been meant.
 */
#variable_conflict error
DECLARE
  chosen INT[];
  unknown TEXT;
  guesses TEXT;
BEGIN
  IF _only_these_nodes IS NULL THEN
    RETURN NULL;
  END IF;
  WITH given AS
  (
    SELECT u.node, min(u.no) AS no FROM unnest(_only_these_nodes) WITH ORDINALITY u(node, no) GROUP BY u.node
  )
  SELECT array_agg(n.node_no),
         string_agg(coalesce(to_json(g.node)::TEXT, 'null'), ', ' ORDER BY g.no) FILTER (WHERE n.node_no IS NULL)
  INTO chosen, unknown
  FROM given g
  LEFT JOIN flow.definition_node n ON n.definition_id = _definition_id AND n.node = g.node;
  IF unknown IS NULL THEN
    RETURN flow.find_nodes_around(_definition_id, chosen, coalesce(_add_parents, false), coalesce(_add_children, false));
  END IF;

  SELECT string_agg(format('Did you mean "%s" for "%s"?', g.near, g.node), ' ' ORDER BY g.no) INTO guesses
  FROM (
    SELECT u.node, min(u.no) AS no, async.find_nearest_name(u.node, k.names) AS near
    FROM unnest(_only_these_nodes) WITH ORDINALITY u(node, no)
    CROSS JOIN (SELECT array_agg(n.node) AS names FROM flow.definition_node n WHERE n.definition_id = _definition_id) k
    WHERE NOT u.node = ANY(k.names)
    GROUP BY u.node, k.names LIMIT 50) g
  WHERE g.near IS NOT NULL;
  RAISE EXCEPTION 'unknown nodes: %', unknown USING
    ERRCODE = 'PF003', HINT = coalesce(guesses, 'flow.walk_flow() shows which there are.');
END;
$$;
COMMENT ON FUNCTION flow.choose_nodes(BIGINT, TEXT[], BOOL, BOOL) IS 'Engine: the nodes that a run is to run';
