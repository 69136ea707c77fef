CREATE OR REPLACE FUNCTION async.leave_moved_targets(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives up the connections to targets that are configured to be somewhere else now, or to be disabled. What runs
 * there goes on and is watched over the new connection.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads async.target; writes async.log_entry.
 */
#variable_conflict error
DECLARE
  moved INT;
BEGIN
  -- a loop: each call brings a new state
  FOR moved IN
    SELECT o.n::INT
    FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.targets) u) o
    LEFT JOIN async.target t ON t.target_id = o.target_id AND t.enabled AND NOT async.has_no_connection(t)
    WHERE o.state <> 'down' AND coalesce(t.connection_string, async.build_self_conninfo()) IS DISTINCT FROM
          CASE WHEN t.target_id IS NOT NULL THEN o.connection_string END
  LOOP
    _s := async.lose_target(_s, moved, 'its configuration has changed');
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.leave_moved_targets(async.loop_t) IS
  'Engine: gives up connections to targets that have moved';
