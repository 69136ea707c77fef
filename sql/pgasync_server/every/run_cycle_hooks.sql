CREATE OR REPLACE FUNCTION async.run_cycle_hooks(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives extensions their turn in the cycle. What fails is logged.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry, and what the hooks do.
 */
#variable_conflict error
DECLARE
  hook async.hook;
  more BOOL;
BEGIN
  -- a call for each owner
  FOR hook IN SELECT h.* FROM async.hook h WHERE h.on_cycle IS NOT NULL LOOP
    BEGIN
      EXECUTE format('SELECT %s()', hook.on_cycle::REGPROC) INTO more;
      _s.pending := _s.pending OR coalesce(more, false);
    EXCEPTION WHEN OTHERS THEN
      PERFORM async.log('ERROR', format('%s failed: %s', hook.on_cycle, SQLERRM));
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.run_cycle_hooks(async.loop_t) IS 'Engine: gives extensions their turn';
