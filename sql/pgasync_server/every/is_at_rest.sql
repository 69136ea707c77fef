CREATE OR REPLACE FUNCTION async.is_at_rest(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether nothing runs, waits for its target, or is expected from one, so that only requests can bring work.
 *
 * _s: state of the orchestrator.
 * Reads async.yielded, async.undelivered.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT NOT EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.state <> 'idle')
      AND NOT EXISTS (SELECT FROM unnest(_s.lanes) l WHERE NOT l.empty AND NOT l.outside)
      AND NOT EXISTS (
        SELECT FROM unnest(_s.targets) t
        WHERE t.state = 'probing' OR t.control_sent IS NOT NULL
           OR t.is_self AND t.state <> 'up' OR NOT t.is_self AND t.state = 'up')
      AND coalesce(current_setting('pgflow.announcements', true), '') = ''
      AND NOT EXISTS (SELECT FROM async.yielded)
      AND NOT EXISTS (SELECT FROM async.undelivered)
      AND coalesce(current_setting('pgflow.doomed', true), '') = '');
END;
$$;
COMMENT ON FUNCTION async.is_at_rest(async.loop_t) IS 'Engine: whether only requests can bring work';
