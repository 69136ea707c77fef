CREATE OR REPLACE FUNCTION async.maintain(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes a piece of what is no longer needed, when it is time: at most a few thousand rows a cycle, and soon again
 * when there was more.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.request, async.lane_position, async.intake, and what async.forget_old() does; locks as
 * async.trim_requests() does.
 */
#variable_conflict error
DECLARE
  more BOOL;
BEGIN
  IF clock_timestamp() >= _s.next_maintenance THEN
    PERFORM async.trim_requests(_s.snapshot);
    IF _s.in_test THEN
      PERFORM async.pass('trimmed');
    END IF;
    PERFORM async.trim_positions();
    more := async.forget_old();
    IF _s.in_test THEN
      PERFORM async.pass('forgotten');
    END IF;
    _s.next_maintenance := clock_timestamp() + CASE WHEN more THEN INTERVAL '100 ms' ELSE (
      SELECT least(c.light_maintenance_sleep, INTERVAL '1 minute') FROM async.control c) END;
    _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE NOT l.empty);
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.maintain(async.loop_t) IS 'Engine: removes a piece of what is no longer needed';
