CREATE OR REPLACE FUNCTION async.find_tasks_before(_hand BIGINT, _before TIMESTAMPTZ, _limit INT)
RETURNS TABLE (task_id BIGINT, lane_id BIGINT, owner_id BIGINT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The next tasks in the order of their ids, none when the first of them was queued too lately to be old.
 *
 * _hand: the id to begin behind; _before: a time; _limit: most tasks.
 * Reads async.task.
 */
#variable_conflict error
BEGIN
  IF (SELECT t.entered < _before FROM async.task t WHERE t.task_id > _hand ORDER BY t.task_id LIMIT 1) THEN
    RETURN QUERY
    SELECT t.task_id, t.lane_id, t.owner_id
    FROM async.task t WHERE t.task_id > _hand
    ORDER BY t.task_id LIMIT _limit;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.find_tasks_before(BIGINT, TIMESTAMPTZ, INT) IS 'Engine: the next tasks, if they may be old';
