CREATE OR REPLACE FUNCTION async.return_tasks(_lane_id BIGINT, _task_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings tasks back into their lane that were taken out of it. Those that it has not come to yet keep the place that they
 * had: they need only not be passed over any more. The others go before those that never went.
 *
 * _lane_id: the lane; _task_ids: the tasks, in order.
 * Writes async.doom, and what async.put_back() does.
 */
#variable_conflict error
DECLARE
  reached CONSTANT BIGINT := async.get_lane_position(_lane_id);
  in_place BIGINT[] := ARRAY(SELECT t.task_id FROM async.task t WHERE t.task_id = ANY(_task_ids) AND t.seq > reached);
BEGIN
  IF cardinality(in_place) > 0 THEN
    DELETE FROM async.doom d WHERE d.task_id = ANY(in_place);
  END IF;
  PERFORM async.put_back(_lane_id, ARRAY(
    SELECT u.task_id FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n) WHERE NOT u.task_id = ANY(in_place) ORDER BY u.n));
END;
$$;
COMMENT ON FUNCTION async.return_tasks(BIGINT, BIGINT[]) IS 'Engine: brings tasks back into their lane';
