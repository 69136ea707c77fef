CREATE OR REPLACE FUNCTION async.load_configuration(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads targets and settings when async.configure() has changed them; targets keep what is known of their
 * connections.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.target, async.control.
 */
#variable_conflict error
DECLARE
  latest BIGINT;
BEGIN
  SELECT c.configuration_version INTO latest FROM async.control c;
  IF latest IS DISTINCT FROM _s.configuration THEN
    _s.configuration := latest;
    SELECT c.workers, c.paused, c.flush INTO _s.workers, _s.paused, _s.flush FROM async.control c;
    _s.unflushed := coalesce(_s.unflushed, false) OR _s.flush = 'batch';
    _s.next_maintenance := clock_timestamp();  -- these may be due more often now
    _s.next_vacuum := _s.next_maintenance;
    _s := async.leave_moved_targets(_s);
    _s.targets := ARRAY(
      SELECT async.refresh_target(t, u.old)
      FROM async.target t
      LEFT JOIN (SELECT o.target_id, o AS old FROM unnest(_s.targets) o) u ON u.target_id = t.target_id
      WHERE t.enabled AND NOT async.has_no_connection(t)
      ORDER BY t.target_id);
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.load_configuration(async.loop_t) IS
  'Engine: reads targets and settings when they have changed';
