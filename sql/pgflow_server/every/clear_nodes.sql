CREATE OR REPLACE FUNCTION flow.clear_nodes(_nodes flow.change_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * Removes what is left of an earlier course of nodes that are run again: tasks and their results, but for what has finished
 * of nodes that are not run from nothing. Their other steps wait for them to begin, as pushed ones do. The tasks of the new
 * course have ids of their own, so that no receipt or answer of an earlier one can be taken for theirs.
 *
 * _nodes: the nodes, each with how it is run again, see flow.find_nodes_to_restart().
 * Writes flow.parked_chunk, flow.stopped_chunk, and what async.forget_tasks() does.
 */
#variable_conflict error
DECLARE
  own_key CONSTANT UUID := '00000000-0000-0000-0000-000000000000'::UUID;
BEGIN
  INSERT INTO flow.parked_chunk(chunk_id, flow_id, node_no, steps)
  SELECT nextval(pg_get_serial_sequence('flow.chunk', 'chunk_id')), p.owner_id, p.owner_item,
         array_agg(p.argument ORDER BY p.task_id)
  FROM (
    SELECT t.owner_id, t.owner_item, t.task_id, t.argument,
           (row_number() OVER (PARTITION BY t.owner_item ORDER BY t.task_id) - 1) / 500 AS piece
    FROM unnest(_nodes) c
    JOIN async.task t ON t.owner_id = c.flow_id AND t.owner_item = c.node_no AND t.key <> own_key
    JOIN async.result r ON r.task_id = t.task_id
    WHERE c.state IN ('AGAIN', 'RESUMED') AND r.status <> 'FINISHED') p
  GROUP BY p.owner_id, p.owner_item, p.piece
  ORDER BY p.owner_item, p.piece;

  WITH gone AS
  (
    DELETE FROM flow.stopped_chunk k USING unnest(_nodes) c WHERE k.flow_id = c.flow_id AND k.node_no = c.node_no
    RETURNING k.chunk_id, k.flow_id, k.node_no, k.steps, c.state
  )
  INSERT INTO flow.parked_chunk(chunk_id, flow_id, node_no, steps)
  SELECT g.chunk_id, g.flow_id, g.node_no, g.steps FROM gone g WHERE g.state IN ('AGAIN', 'RESUMED');

  PERFORM async.forget_tasks(ARRAY(
    SELECT t.task_id
    FROM unnest(_nodes) c
    JOIN async.task t ON t.owner_id = c.flow_id AND t.owner_item = c.node_no
    JOIN async.result r ON r.task_id = t.task_id
    WHERE c.state = 'ANEW' OR c.state = 'AGAIN' AND (t.key = own_key OR r.status <> 'FINISHED')
       OR c.state = 'RESUMED' AND t.key <> own_key AND r.status <> 'FINISHED'));
END;
$$;
COMMENT ON FUNCTION flow.clear_nodes(flow.change_t[]) IS
  'Engine: removes what is left of an earlier course of nodes that are run again';
