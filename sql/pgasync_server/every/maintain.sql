CREATE OR REPLACE FUNCTION async.maintain(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes a piece of what is no longer needed, when it is time, or when it has many lanes in mind that are empty: at
 * most a few thousand rows a cycle, and soon again when there was more.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.request, and what async.trim_positions() and async.forget_old() do; locks as async.trim_requests()
 * does.
 */
#variable_conflict error
DECLARE
  pause INTERVAL;
BEGIN
  IF clock_timestamp() < _s.next_maintenance AND (
    cardinality(_s.lanes) < 200
    OR (SELECT count(*) FILTER (WHERE l.empty) < 0.5 * count(*) FROM unnest(_s.lanes) l)) THEN
    RETURN _s;
  END IF;
  SELECT least(c.light_maintenance_sleep, INTERVAL '1 minute') INTO pause FROM async.control c;
  _s.untidy := NOT async.trim_requests(_s.snapshot, _s.trimmed);
  IF NOT _s.untidy THEN
    _s.trimmed := _s.snapshot;
  END IF;
  IF _s.in_test THEN
    PERFORM async.pass('trimmed');
  END IF;
  _s := async.trim_positions(_s);
  _s := async.forget_old(_s);
  IF _s.in_test THEN
    PERFORM async.pass('forgotten');
  END IF;
  IF clock_timestamp() >= _s.next_vacuum THEN
    _s := async.vacuum_tables(_s);
    _s.next_vacuum := clock_timestamp() + pause;
  END IF;
  _s.next_maintenance := clock_timestamp() + CASE
    WHEN _s.untidy THEN INTERVAL '100 ms'
    WHEN _s.hand > _s.floor THEN INTERVAL '1 s'
    ELSE pause END;
  _s.lanes := ARRAY(SELECT l FROM unnest(_s.lanes) l WHERE NOT l.empty);
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.maintain(async.loop_t) IS 'Engine: removes what is no longer needed';
