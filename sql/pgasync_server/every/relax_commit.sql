CREATE OR REPLACE FUNCTION async.relax_commit(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Lets this cycle's commit return before it is on disk, when everything runs in this database: then a crash that
 * loses it loses nothing else, for whatever a callback made durable later implies it, being further down the same
 * log. With another server in play the commit must be there before anything is sent to it or removed from it; and so
 * must the work of tasks whose own commits did not wait, before they count as done, and what is announced.
 *
 * _s: state of the orchestrator.
 */
#variable_conflict error
BEGIN
  IF NOT _s.unflushed AND coalesce(current_setting('pgflow.announcements', true), '') = ''
     AND NOT EXISTS (SELECT FROM unnest(_s.targets) t WHERE NOT t.is_self AND t.state <> 'down')
  THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.relax_commit(async.loop_t) IS 'Engine: whether a cycle''s commit needs to be on disk at once';
