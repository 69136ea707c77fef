CREATE OR REPLACE FUNCTION flow.count_steps(_results async.result_t[]) RETURNS flow.change_t[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Counts steps that have ended off their nodes; the first that failed stops the others of its node, where all must
 * complete.
 *
 * _results: the steps, and maybe tasks of nodes, which are passed over.
 * Returns the nodes that end with them.
 * Writes flow.node_state, and what flow.stop_steps() does.
 */
#variable_conflict error
DECLARE
  touched flow.change_t[];
BEGIN
  WITH tally AS
  (
    SELECT r.owner_id AS flow_id, r.owner_item AS node_no, count(*) AS ended,
           count(*) FILTER (WHERE r.status NOT IN ('FINISHED', 'CANCELED')) AS failed,
           count(*) FILTER (WHERE r.status = 'CANCELED') AS canceled,
           (array_agg(r.error ORDER BY r.ended) FILTER (WHERE r.status NOT IN ('FINISHED', 'CANCELED')))[1] AS error
    FROM unnest(_results) r
    WHERE r.is_member
    GROUP BY r.owner_id, r.owner_item
  ), counted AS
  (
    INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict, error)
    SELECT s.flow_id, s.node_no, s.state, s.unmet, s.spoiled, s.steps, s.unfinished - t.ended, s.failed + t.failed,
           s.canceled + t.canceled,
           coalesce(s.verdict, CASE WHEN n.all_steps_must_complete AND t.failed + t.canceled > 0 THEN 'FAILED' END),
           coalesce(s.error, CASE WHEN n.all_steps_must_complete THEN t.error END)
    FROM tally t
    JOIN flow.run r ON r.flow_id = t.flow_id
    CROSS JOIN LATERAL (
      SELECT x.* FROM flow.definition_node x WHERE x.definition_id = r.definition_id AND x.node_no = t.node_no OFFSET 0) n
    CROSS JOIN LATERAL flow.find_node_state(t.flow_id, t.node_no) s
    RETURNING flow_id, node_no, verdict, failed, canceled, unfinished
  )
  SELECT array_agg(ROW(c.flow_id, c.node_no, CASE WHEN c.verdict IS NOT NULL AND c.unfinished > 0
                                                   AND c.failed + c.canceled = t.failed + t.canceled THEN 'STOP' END,
                       NULL)::flow.change_t)
  INTO touched
  FROM counted c JOIN tally t ON t.flow_id = c.flow_id AND t.node_no = c.node_no;

  IF EXISTS (SELECT FROM unnest(touched) u WHERE u.state = 'STOP') THEN
    PERFORM flow.stop_steps(ARRAY(SELECT u FROM unnest(touched) u WHERE u.state = 'STOP'), 'another step failed');
  END IF;
  RETURN flow.find_done_nodes(touched);
END;
$$;
COMMENT ON FUNCTION flow.count_steps(async.result_t[]) IS 'Engine: counts steps that have ended off their nodes';
