CREATE OR REPLACE FUNCTION flow.cancel_runs(_flow_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Cancels open runs: nodes that wait end at once; those with tasks or steps under way end with them, which the engine
 * cancels or interrupts. A loop, since cancels are few.
 *
 * _flow_ids: the runs; those that have ended are passed over.
 * Writes flow.run_state, and what flow.record_ends(), flow.count_ends(), flow.condemn_nodes(),
 *   async.cancel_owned() and flow.advance() do.
 */
#variable_conflict error
DECLARE
  doomed_id BIGINT;
  idle flow.change_t[];
  busy flow.change_t[];
  freed flow.change_t[];
BEGIN
  FOREACH doomed_id IN ARRAY _flow_ids LOOP
    CONTINUE WHEN NOT EXISTS (SELECT FROM flow.open_run o WHERE o.flow_id = doomed_id);
    INSERT INTO flow.run_state(flow_id, state, unresolved, failed, canceled)
    SELECT s.flow_id, s.state, s.unresolved, s.failed, true
    FROM flow.run_state s WHERE s.flow_id = doomed_id ORDER BY s.state_no DESC LIMIT 1;

    SELECT array_agg(ROW(doomed_id, n.node_no, 'CANCELED', 'run canceled')::flow.change_t)
             FILTER (WHERE coalesce(s.state, 'PENDING') = 'PENDING'),
           array_agg(ROW(doomed_id, n.node_no, 'CANCELED', 'run canceled')::flow.change_t)
             FILTER (WHERE s.state IN ('READY', 'RUNNING_STEPS'))
    INTO idle, busy
    FROM flow.run r
    JOIN flow.definition_node n ON n.definition_id = r.definition_id
    LEFT JOIN LATERAL flow.find_node_state(doomed_id, n.node_no) s ON true
    WHERE r.flow_id = doomed_id;
    freed := flow.record_ends(idle);
    PERFORM flow.count_ends(idle);
    IF busy IS NOT NULL THEN
      PERFORM flow.condemn_nodes(busy, NULL, 'run canceled');
      PERFORM async.cancel_owned('flow', doomed_id, NULL, 'run canceled');
      PERFORM flow.advance(flow.find_done_nodes(busy));
    END IF;
    IF cardinality(freed) > 0 THEN
      -- asked again: some may have begun just now
      PERFORM flow.advance('{}', flow.find_free_nodes(ARRAY(SELECT r.flow FROM flow.run r WHERE r.flow_id = doomed_id)));
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION flow.cancel_runs(BIGINT[]) IS 'Engine: cancels runs';
