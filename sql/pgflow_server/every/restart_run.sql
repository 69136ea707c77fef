CREATE OR REPLACE FUNCTION flow.restart_run(_flow_id BIGINT, _node TEXT, _failed_only BOOL) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * The server's part of flow.restart_flow(). All of it happens in the caller's session, however much there is to be run
 * again: nothing else works on a run that has ended. The orchestrator then has only to begin the nodes that wait for none.
 *
 * _flow_id, _node, _failed_only: as flow.restart_flow() got them.
 * Errors: as there.
 * Writes flow.restart, flow.open_run, flow.run_state, async.request, and what flow.clear_nodes() and flow.reset_nodes() do.
 */
#variable_conflict error
DECLARE
  kept_definition CONSTANT BIGINT := flow.assert_restartable(_flow_id, _node);
  nodes flow.change_t[] := flow.find_nodes_to_restart(_flow_id, kept_definition, _node, _failed_only);
BEGIN
  INSERT INTO flow.restart(flow_id, restart_no, node, failed_only, state_before, started_before, ended_before, first_error)
  SELECT r.flow_id, coalesce(l.restart_no, 0) + 1, _node, _failed_only, s.state, coalesce(l.requested, r.requested), s.changed,
         flow.find_first_error(r.flow_id)
  FROM flow.run r
  CROSS JOIN LATERAL (
    SELECT x.state, x.changed FROM flow.run_state x WHERE x.flow_id = r.flow_id ORDER BY x.state_no DESC LIMIT 1) s
  LEFT JOIN LATERAL (
    SELECT x.restart_no, x.requested FROM flow.restart x
    WHERE x.flow_id = r.flow_id ORDER BY x.restart_no DESC LIMIT 1) l ON true
  WHERE r.flow_id = _flow_id;

  PERFORM flow.clear_nodes(nodes);
  PERFORM flow.reset_nodes(kept_definition, nodes);

  INSERT INTO flow.run_state(flow_id, state, unresolved, failed, canceled)
  SELECT _flow_id, 'RUNNING', count(*) FILTER (WHERE s.state = 'PENDING'),
         count(*) FILTER (WHERE s.state IN ('FAILED', 'TIMED_OUT', 'DOA', 'CANCELED')), false
  FROM flow.definition_node n
  CROSS JOIN LATERAL flow.find_node_state(_flow_id, n.node_no) s
  WHERE n.definition_id = kept_definition;
  INSERT INTO flow.open_run(flow_id, flow) SELECT r.flow_id, r.flow FROM flow.run r WHERE r.flow_id = _flow_id;
  PERFORM async.add_request('flow.restart', jsonb_build_object('flow_id', _flow_id));
END;
$$;
COMMENT ON FUNCTION flow.restart_run(BIGINT, TEXT, BOOL) IS 'Engine: has a run that has ended run again';
