CREATE OR REPLACE FUNCTION async.forget_old(_limit INT DEFAULT 2000) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes tasks that ended longer ago than task_keep_duration, log entries as old, and a piece of what other
 * extensions keep.
 *
 * _limit: most tasks, and most log entries, at a time.
 * Returns whether there may be more.
 * Writes async.log_entry, and what async.forget_tasks() and the hooks do.
 */
#variable_conflict error
DECLARE
  keep INTERVAL := (SELECT c.task_keep_duration FROM async.control c);
  old BIGINT[];
  hook async.hook;
  more BOOL := false;
  hook_has_more BOOL;
BEGIN
  old := ARRAY(
    SELECT r.task_id FROM async.result r JOIN async.task t ON t.task_id = r.task_id
    WHERE r.ended < clock_timestamp() - keep AND t.owner_id = 0
    ORDER BY r.task_id LIMIT _limit);
  PERFORM async.forget_tasks(old);
  DELETE FROM async.log_entry e
  WHERE e.ctid = ANY(ARRAY(
    SELECT o.ctid FROM async.log_entry o WHERE o.logged < clock_timestamp() - keep ORDER BY o.logged LIMIT _limit));
  -- a call for each owner
  FOR hook IN SELECT h.* FROM async.hook h WHERE h.on_maintenance IS NOT NULL LOOP
    EXECUTE format('SELECT %s($1)', hook.on_maintenance::REGPROC) INTO hook_has_more USING keep;
    more := more OR coalesce(hook_has_more, false);
  END LOOP;
  RETURN more OR cardinality(old) = _limit;
END;
$$;
COMMENT ON FUNCTION async.forget_old(INT) IS 'Engine: removes a piece of what ended long ago';
