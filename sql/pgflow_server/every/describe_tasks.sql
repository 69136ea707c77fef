CREATE OR REPLACE FUNCTION flow.describe_tasks(_task_ids BIGINT[]) RETURNS JSONB[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: what workers outside the database get of nodes and steps: the fields of flow.callback_arguments_t,
 * and the routine that is named.
 *
 * _task_ids: the tasks.
 * Returns an object for each, in their order.
 * Reads async.task, async.lane, flow.run.
 */
#variable_conflict error
BEGIN
  RETURN ARRAY(
    SELECT jsonb_build_object(
      'flow_id', r.flow_id, 'flow', r.flow, 'flow_arguments', r.arguments,
      'node', CASE WHEN l.label IS NULL THEN t.argument#>>'{}' ELSE l.label END,
      'step_arguments', CASE WHEN l.label IS NOT NULL THEN t.argument END,
      'task_id', t.task_id, 'routine', coalesce(t.query, l.call))
    FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n)
    JOIN async.task t ON t.task_id = u.task_id
    JOIN async.lane l ON l.lane_id = t.lane_id
    JOIN flow.run r ON r.flow_id = t.owner_id
    ORDER BY u.n);
END;
$$;
COMMENT ON FUNCTION flow.describe_tasks(BIGINT[]) IS 'Engine: what workers outside the database get of nodes and steps';
