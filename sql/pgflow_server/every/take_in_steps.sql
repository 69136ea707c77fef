CREATE OR REPLACE FUNCTION flow.take_in_steps(_requests async.request[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds pushed steps to their nodes: counted at once, made tasks in the next cycles. What was pushed to a run or node
 * that has ended, or does not exist, is dropped and logged; but what a node that fails is pushed to last is kept for a
 * restart. The loop takes all pushes to a node at once.
 *
 * _requests: the pushes.
 * Writes flow.stopped_chunk, the log, and what flow.add_chunks() does.
 */
#variable_conflict error
DECLARE
  pushed RECORD;
BEGIN
  FOR pushed IN
    SELECT r.flow_id, n.node_no, coalesce(s.state, 'PENDING') AS state, q.kept, q.steps, q.payload, s.verdict
    FROM (SELECT u.payload, array_agg(u.items) FILTER (WHERE cardinality(u.items) > 0) IS NOT NULL AS kept,
                 sum(cardinality(u.items)) AS steps
          FROM unnest(_requests) u GROUP BY u.payload) q
    LEFT JOIN flow.open_run o ON o.flow_id = (q.payload->>'flow_id')::BIGINT
    LEFT JOIN flow.run r ON r.flow_id = o.flow_id
    LEFT JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.node = q.payload->>'node'
    LEFT JOIN LATERAL flow.find_node_state(r.flow_id, n.node_no) s ON true
  LOOP
    IF pushed.kept AND (pushed.verdict IS NOT NULL OR pushed.state IN ('FAILED', 'TIMED_OUT', 'CANCELED', 'DOA')) THEN
      INSERT INTO flow.stopped_chunk(chunk_id, flow_id, node_no, steps)
      SELECT nextval(pg_get_serial_sequence('flow.chunk', 'chunk_id')), pushed.flow_id, pushed.node_no, u.items
      FROM unnest(_requests) u WHERE u.payload = pushed.payload AND cardinality(u.items) > 0;
    ELSIF pushed.node_no IS NULL OR pushed.state NOT IN ('PENDING', 'READY', 'RUNNING_STEPS') THEN
      PERFORM async.log('WARNING', format('%s steps pushed to %s were dropped', pushed.steps, pushed.payload));
    ELSIF pushed.kept THEN
      PERFORM flow.add_chunks(pushed.flow_id, pushed.node_no, pushed.state, _requests, pushed.payload, pushed.steps::INT);
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION flow.take_in_steps(async.request[]) IS 'Engine: adds pushed steps to their nodes';
