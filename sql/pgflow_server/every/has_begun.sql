CREATE OR REPLACE FUNCTION flow.has_begun(_flow_id BIGINT, _node_no INT) RETURNS BOOL LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether the task of a node's own routine has been sent, at least once: the one with the key of zeros, where steps have a hash.
 *
 * _flow_id, _node_no: the run and its node.
 */
SELECT EXISTS (
  SELECT FROM async.task t
  WHERE t.owner_id = _flow_id AND t.owner_item = _node_no AND t.key = '00000000-0000-0000-0000-000000000000'
    AND (EXISTS (SELECT FROM async.batch b WHERE t.task_id = ANY(b.task_ids))
         OR EXISTS (SELECT FROM async.attempt a WHERE a.task_id = t.task_id)
         OR EXISTS (SELECT FROM async.yielded y WHERE y.task_id = t.task_id)
         OR EXISTS (SELECT FROM async.result r WHERE r.task_id = t.task_id)));
$$;
COMMENT ON FUNCTION flow.has_begun(BIGINT, INT) IS 'Engine: whether the routine of a node has been called';
