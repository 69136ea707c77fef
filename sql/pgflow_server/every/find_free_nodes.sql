CREATE OR REPLACE FUNCTION flow.find_free_nodes(_flows TEXT[]) RETURNS flow.change_t[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Nodes that wait for a mutex and need not any more: nobody runs that they exclude, and nobody waits whom they exclude and
 * who has waited longer. So nobody is overtaken, and of those that are found no two exclude each other. Since a node
 * excludes itself in other runs, only the first of its kind is looked at, however many runs wait.
 *
 * _flows: their flows.
 */
#variable_conflict error
BEGIN
  RETURN ARRAY(
    WITH kind AS
    (
      SELECT m.flow, m.definition_id, m.node_no, bool_or(m.held) AS held,
             min(m.claim_no) FILTER (WHERE NOT m.held) AS first
      FROM flow.mutex_claim m WHERE m.flow = ANY(_flows)
      GROUP BY m.flow, m.definition_id, m.node_no
    ), free AS
    (
      SELECT k.first
      FROM kind k
      WHERE k.first IS NOT NULL AND NOT k.held
        AND NOT EXISTS (
          SELECT FROM kind o
          WHERE o.flow = k.flow AND (o.held OR o.first < k.first)
            AND flow.exclude_each_other(o.definition_id, o.node_no, k.definition_id, k.node_no))
    )
    SELECT ROW(m.flow_id, m.node_no, NULL, NULL)::flow.change_t
    FROM flow.mutex_claim m
    WHERE m.flow = ANY(_flows) AND m.claim_no IN (SELECT f.first FROM free f)
    ORDER BY m.claim_no);
END;
$$;
COMMENT ON FUNCTION flow.find_free_nodes(TEXT[]) IS 'Engine: nodes that need not wait for a mutex any more';
