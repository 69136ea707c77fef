CREATE OR REPLACE FUNCTION flow.add_chunks(
  _flow_id BIGINT,
  _node_no INT,
  _state TEXT,
  _requests async.request[],
  _payload JSONB,
  _steps INT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds pushed steps to a node; those of a node whose routine has not begun wait for it.
 *
 * _flow_id, _node_no, _state: the run, its node, and the state that it is in.
 * _requests: the pushes; those that have _payload are for this node, _steps steps altogether.
 * Writes flow.chunk or flow.parked_chunk, flow.node_state, where the steps count at once.
 */
#variable_conflict error
BEGIN
  IF _state = 'PENDING' OR _state = 'READY' AND NOT flow.has_begun(_flow_id, _node_no) THEN
    INSERT INTO flow.parked_chunk(chunk_id, flow_id, node_no, steps)
    SELECT nextval(pg_get_serial_sequence('flow.chunk', 'chunk_id')), _flow_id, _node_no, u.items
    FROM unnest(_requests) u WHERE u.payload = _payload AND cardinality(u.items) > 0;
  ELSE
    INSERT INTO flow.chunk(flow_id, node_no, steps)
    SELECT _flow_id, _node_no, u.items FROM unnest(_requests) u WHERE u.payload = _payload AND cardinality(u.items) > 0;
  END IF;
  INSERT INTO flow.node_state(flow_id, node_no, state, unmet, spoiled, steps, unfinished, failed, canceled, verdict,
                              resumed)
  SELECT _flow_id, _node_no, _state, coalesce(s.unmet, n.parents), coalesce(s.spoiled, false), coalesce(s.steps, 0) + _steps,
         coalesce(s.unfinished, 0) + _steps, coalesce(s.failed, 0), coalesce(s.canceled, 0), s.verdict, coalesce(s.resumed, false)
  FROM flow.run r
  JOIN flow.definition_node n ON n.definition_id = r.definition_id AND n.node_no = _node_no
  LEFT JOIN LATERAL flow.find_node_state(_flow_id, _node_no) s ON true
  WHERE r.flow_id = _flow_id;
END;
$$;
COMMENT ON FUNCTION flow.add_chunks(BIGINT, INT, TEXT, async.request[], JSONB, INT) IS
  'Engine: adds pushed steps to a node';
