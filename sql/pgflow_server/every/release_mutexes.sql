CREATE OR REPLACE FUNCTION flow.release_mutexes(_resolved flow.change_t[]) RETURNS flow.change_t[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes back what nodes that have ended had claimed.
 *
 * _resolved: the nodes.
 * Returns the nodes that may begin now.
 * Writes flow.mutex_claim.
 */
#variable_conflict error
DECLARE
  touched TEXT[];
BEGIN
  WITH gone AS
  (
    DELETE FROM flow.mutex_claim m USING unnest(_resolved) c WHERE m.flow_id = c.flow_id AND m.node_no = c.node_no
    RETURNING m.flow
  )
  SELECT array_agg(DISTINCT g.flow) INTO touched FROM gone g;
  IF touched IS NULL THEN
    RETURN '{}'::flow.change_t[];
  END IF;
  RETURN flow.find_free_nodes(touched);
END;
$$;
COMMENT ON FUNCTION flow.release_mutexes(flow.change_t[]) IS 'Engine: takes back the mutexes of nodes that have ended';
