CREATE OR REPLACE FUNCTION flow.reset_nodes(_definition_id BIGINT, _nodes flow.change_t[]) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * Has nodes wait anew, with the counters that follow from what is left of them: parents that are run again, too, and steps.
 *
 * _definition_id: their definition; _nodes: the nodes, each with how it is run again, see flow.find_nodes_to_restart().
 * Writes flow.node_state.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, resumed)
  SELECT c.flow_id, c.node_no, CASE c.state WHEN 'SKIPPED' THEN 'SKIPPED' ELSE 'PENDING' END, coalesce(p.unmet, 0),
         c.state <> 'SKIPPED' AND coalesce(p.spoiled, false), coalesce(k.finished, 0) + coalesce(w.waiting, 0),
         coalesce(w.waiting, 0), 0, 0, c.state = 'RESUMED'
  FROM unnest(_nodes) c
  LEFT JOIN (
    SELECT e.child_no, count(a.node_no) AS unmet,
           bool_or(a.node_no IS NULL AND NOT e.continue_on_failure AND s.state NOT IN ('FINISHED', 'SKIPPED')) AS spoiled
    FROM flow.definition_edge e
    LEFT JOIN unnest(_nodes) a ON a.node_no = e.parent_no
    LEFT JOIN LATERAL flow.find_node_state((_nodes[1]).flow_id, e.parent_no) s ON a.node_no IS NULL
    WHERE e.definition_id = _definition_id
    GROUP BY e.child_no) p ON p.child_no = c.node_no
  LEFT JOIN (
    SELECT t.owner_item, count(*) AS finished
    FROM unnest(_nodes) a
    JOIN async.task t ON t.owner_id = a.flow_id AND t.owner_item = a.node_no
    WHERE t.key <> '00000000-0000-0000-0000-000000000000'
    GROUP BY t.owner_item) k ON k.owner_item = c.node_no
  LEFT JOIN (
    SELECT x.node_no, sum(cardinality(x.steps)) AS waiting
    FROM unnest(_nodes) a
    JOIN flow.parked_chunk x ON x.flow_id = a.flow_id AND x.node_no = a.node_no
    GROUP BY x.node_no) w ON w.node_no = c.node_no;
END;
$$;
COMMENT ON FUNCTION flow.reset_nodes(BIGINT, flow.change_t[]) IS 'Engine: has nodes of a restarted run wait anew';
