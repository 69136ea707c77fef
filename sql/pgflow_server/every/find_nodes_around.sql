CREATE OR REPLACE FUNCTION flow.find_nodes_around(_definition_id BIGINT, _node_nos INT[], _up BOOL, _down BOOL)
RETURNS INT[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * Some nodes of a definition, with all from which a way leads to them, and all to which one leads from them. The cost is
 * that of the edges on these ways.
 *
 * _definition_id, _node_nos: the nodes; _up: with their ancestors; _down: with their descendants.
 * Returns numbers of nodes, in order.
 */
#variable_conflict error
BEGIN
  RETURN ARRAY(
    WITH RECURSIVE above AS
    (
      SELECT u.node_no FROM unnest(_node_nos) u(node_no)
      UNION
      SELECT e.parent_no
      FROM above a
      CROSS JOIN LATERAL (
        SELECT x.parent_no FROM flow.definition_edge x
        WHERE x.definition_id = _definition_id AND x.child_no = a.node_no OFFSET 0) e
      WHERE _up
    ), below AS
    (
      SELECT u.node_no FROM unnest(_node_nos) u(node_no)
      UNION
      SELECT e.child_no
      FROM below b
      CROSS JOIN LATERAL (
        SELECT x.child_no FROM flow.definition_edge x
        WHERE x.definition_id = _definition_id AND x.parent_no = b.node_no OFFSET 0) e
      WHERE _down
    )
    SELECT a.node_no FROM above a UNION SELECT b.node_no FROM below b ORDER BY 1);
END;
$$;
COMMENT ON FUNCTION flow.find_nodes_around(BIGINT, INT[], BOOL, BOOL) IS
  'Engine: nodes with their ancestors or descendants';
