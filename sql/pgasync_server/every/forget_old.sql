CREATE OR REPLACE FUNCTION async.forget_old(_s async.loop_t, _limit INT DEFAULT 2000) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes tasks that ended longer ago than task_keep_duration with their lanes, log entries as old, and a piece of
 * what other extensions keep. Tasks are looked at piece by piece, in the order of their ids: once one is found that
 * was queued within that time, those behind it have not ended before it either, and it begins anew, behind what is gone:
 * where a transaction somewhere keeps removed rows, they are not passed over and over.
 *
 * _s: state of the orchestrator, returned as it is then; _limit: most tasks, and most log entries, at a time.
 * Writes async.log_entry, what async.forget_tasks(), async.forget_lanes() and the hooks do.
 */
#variable_conflict error
DECLARE
  keep INTERVAL := (SELECT c.task_keep_duration FROM async.control c);
  before TIMESTAMPTZ := clock_timestamp() - keep;
  piece RECORD;
  old_entries TID[] := ARRAY(SELECT o.ctid FROM async.log_entry o WHERE o.logged < before ORDER BY o.logged LIMIT _limit);
  lowest BIGINT := nullif(current_setting('pgflow.lowest_task', true), '')::BIGINT;
  hook async.hook;
  hook_has_more BOOL;
BEGIN
  IF lowest IS NOT NULL THEN
    PERFORM set_config('pgflow.lowest_task', '', false);
    _s.floor := least(_s.floor, lowest - 1);
  END IF;
  SELECT count(*) AS tasks, max(t.task_id) AS furthest, min(t.task_id) FILTER (WHERE old.is_old IS NOT true) AS kept,
         array_agg(t.task_id) FILTER (WHERE old.is_old) AS old_ids,
         array_agg(DISTINCT t.lane_id) FILTER (WHERE old.is_old) AS lane_ids
  INTO piece
  FROM async.find_tasks_before(_s.hand, before, _limit) t
  LEFT JOIN LATERAL (
    SELECT r.ended < before AND t.owner_id = 0 AS is_old FROM async.result r WHERE r.task_id = t.task_id OFFSET 0) old
    ON true;
  PERFORM async.forget_tasks(piece.old_ids);
  _s := async.forget_lanes(_s, piece.lane_ids);
  IF _s.hand = _s.floor THEN
    _s.floor := coalesce(piece.kept - 1, piece.furthest, _s.floor);
  END IF;
  _s.hand := CASE WHEN piece.tasks = _limit THEN piece.furthest ELSE _s.floor END;

  DELETE FROM async.log_entry e WHERE e.ctid = ANY(old_entries);
  _s.untidy := _s.untidy OR piece.tasks = _limit AND piece.old_ids IS NOT NULL OR cardinality(old_entries) = _limit;
  -- a call for each owner
  FOR hook IN SELECT h.* FROM async.hook h WHERE h.on_maintenance IS NOT NULL LOOP
    EXECUTE format('SELECT %s($1)', hook.on_maintenance::REGPROC) INTO hook_has_more USING keep;
    _s.untidy := _s.untidy OR coalesce(hook_has_more, false);
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.forget_old(async.loop_t, INT) IS 'Engine: removes what ended longer ago than task_keep_duration';
