CREATE OR REPLACE FUNCTION flow.find_tasks_of(_flow_ids BIGINT[], _limit INT) RETURNS BIGINT[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Some tasks of runs that are being forgotten, each time others, in the order of the index: rows that a transaction
 * somewhere keeps from being removed are not passed over and over.
 *
 * The setting pgflow.tasks_seen of the orchestrator's session holds the last of those found before.
 *
 * _flow_ids: the runs, in order.
 * _limit: most tasks.
 * Returns task_ids.
 * Reads async.task.
 */
#variable_conflict error
DECLARE
  seen TEXT[] := string_to_array(nullif(current_setting('pgflow.tasks_seen', true), ''), ' ');
  piece RECORD;
BEGIN
  SELECT array_agg(t.task_id) AS task_ids, count(*) AS tasks,
         (array_agg(concat_ws(' ', t.owner_id, t.owner_item, t.key) ORDER BY t.owner_id DESC, t.owner_item DESC, t.key DESC))[1]
           AS furthest
  INTO piece
  FROM (
    SELECT p.*
    FROM unnest(_flow_ids) u(flow_id)
    CROSS JOIN LATERAL (
      SELECT o.task_id, o.owner_id, o.owner_item, o.key
      FROM async.task o
      WHERE o.owner_id = u.flow_id AND (o.owner_item, o.key) > (
        CASE WHEN u.flow_id = seen[1]::BIGINT THEN seen[2]::INT ELSE -1 END,
        CASE WHEN u.flow_id = seen[1]::BIGINT THEN seen[3]::UUID ELSE '00000000-0000-0000-0000-000000000000' END)
      ORDER BY o.owner_item, o.key LIMIT _limit) p
    LIMIT _limit) t;
  IF piece.tasks = _limit THEN
    PERFORM set_config('pgflow.tasks_seen', piece.furthest, false);
  END IF;
  RETURN piece.task_ids;
END;
$$;
COMMENT ON FUNCTION flow.find_tasks_of(BIGINT[], INT) IS 'Engine: some tasks of runs that are being forgotten';
