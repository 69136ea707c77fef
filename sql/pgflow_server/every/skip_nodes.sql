CREATE OR REPLACE FUNCTION flow.skip_nodes(_flow_ids BIGINT[]) RETURNS flow.change_t[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Resolves the nodes that runs have not chosen, as SKIPPED. Their children wait nevertheless until all that comes before
 * them has ended: a SKIPPED node counts its parents off as others do, and passes that on (flow.release_children()).
 *
 * _flow_ids: runs that begin and have chosen some of their nodes.
 * Returns the chosen nodes that may begin at once.
 * Writes flow.node_state.
 */
#variable_conflict error
DECLARE
  roots flow.change_t[];
  entering flow.change_t[];
BEGIN
  WITH skipped AS
  (
    INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled)
    SELECT r.flow_id, n.node_no, 'SKIPPED', n.parents, false, 0, 0, 0, 0
    FROM flow.run r
    CROSS JOIN LATERAL (
      SELECT x.node_no, x.parents FROM flow.definition_node x WHERE x.definition_id = r.definition_id
      EXCEPT SELECT x.node_no, x.parents FROM unnest(r.chosen) c(node_no)
      JOIN flow.definition_node x ON x.definition_id = r.definition_id AND x.node_no = c.node_no) n
    WHERE r.flow_id = ANY(_flow_ids)
    RETURNING flow_id, node_no, unmet
  )
  SELECT array_agg(ROW(s.flow_id, s.node_no, 'SKIPPED', NULL)::flow.change_t) FILTER (WHERE s.unmet = 0) INTO roots
  FROM skipped s;

  entering := ARRAY(
    SELECT ROW(r.flow_id, n.node_no, NULL, NULL)::flow.change_t
    FROM flow.run r
    CROSS JOIN LATERAL unnest(r.chosen) c(node_no)
    JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.node_no = c.node_no AND n.parents = 0
    WHERE r.flow_id = ANY(_flow_ids));
  IF roots IS NOT NULL THEN
    entering := entering || flow.release_children(roots);
  END IF;
  RETURN entering;
END;
$$;
COMMENT ON FUNCTION flow.skip_nodes(BIGINT[]) IS 'Engine: resolves the nodes that runs have not chosen';
