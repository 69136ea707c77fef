CREATE OR REPLACE FUNCTION async.load_configuration(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads targets and settings when async.configure() has changed them; targets keep what is known of their connections.
 * Reads async.target, async.control.
 */
DECLARE
  latest BIGINT;
BEGIN
  SELECT c.configuration_version INTO latest FROM async.control c;
  IF latest IS DISTINCT FROM _s.configuration THEN
    _s.configuration := latest;
    SELECT c.workers, c.paused INTO _s.workers, _s.paused FROM async.control c;
    _s := async.leave_moved_targets(_s);
    _s.targets := ARRAY(
      SELECT (CASE WHEN o.target_id IS NULL
        THEN ROW(t.target_id, t.target, t.connection_string IS NULL, coalesce(t.connection_string, async.self_conninfo()),
                 t.max_concurrency, 'down', NULL, 0, '-infinity', NULL, NULL, NULL, NULL, '-infinity', '-infinity', 0.05,
                 (SELECT i.snapshot FROM async.intake i WHERE i.target_id = t.target_id ORDER BY i.intake_no DESC LIMIT 1),
                 0, 0, NULL, NULL)::async.target_state_t
        ELSE ROW(t.target_id, t.target, o.is_self, coalesce(t.connection_string, async.self_conninfo()),
                 t.max_concurrency, o.state, o.helper_since, o.failures, o.retry_at, o.probed, o.version, o.has_client,
                 o.control_sent, o.next_exchange, o.next_trim, o.pause, o.snapshot, o.ring, o.ring_tasks,
                 o.revocations, o.in_flight)::async.target_state_t END)
      FROM async.target t
      LEFT JOIN unnest(_s.targets) o ON o.target_id = t.target_id
      WHERE t.enabled
      ORDER BY t.target_id);
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.load_configuration(async.loop_t) IS 'Engine: reads targets and settings when they have changed';
