CREATE OR REPLACE FUNCTION flow.has_begun(_flow_id BIGINT, _node_no INT) RETURNS BOOL LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether the task of a node's own routine has been sent, at least once: the one with the key of zeros, where steps have a
 * hash. Its lane has then been taken beyond it.
 *
 * _flow_id, _node_no: the run and its node.
 */
SELECT EXISTS (
  SELECT FROM async.task t
  WHERE t.owner_id = _flow_id AND t.owner_item = _node_no AND t.key = '00000000-0000-0000-0000-000000000000'
    AND t.seq <= async.get_lane_position(t.lane_id));
$$;
COMMENT ON FUNCTION flow.has_begun(BIGINT, INT) IS 'Engine: whether the routine of a node has been sent';
