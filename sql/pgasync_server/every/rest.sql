CREATE OR REPLACE FUNCTION async.rest(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sleeps for busy_sleep, growing to idle_sleep with the time that nothing has happened. For the first 3 ms with but
 * one or two slots at work it does not: a short task ends sooner than the shortest sleep, and there are processors to
 * spare.
 *
 * _s: state of the orchestrator.
 * Reads async.control.
 */
#variable_conflict error
DECLARE
  quiet FLOAT8 := extract(epoch FROM clock_timestamp() - _s.idle_since)::FLOAT8;
BEGIN
  IF _s.in_test THEN
    PERFORM async.pass('resting');
  END IF;
  IF quiet < 0.003 AND (SELECT count(*) FROM unnest(_s.slots) x WHERE x.state = 'busy') BETWEEN 1 AND 2 THEN
    RETURN;
  END IF;
  PERFORM pg_sleep(
    (SELECT greatest(extract(epoch FROM c.busy_sleep), least(extract(epoch FROM c.idle_sleep), quiet / 1000))
     FROM async.control c));
END;
$$;
COMMENT ON FUNCTION async.rest(async.loop_t) IS 'Engine: sleeps as little as there is to do';
