CREATE OR REPLACE FUNCTION async.rest(_s async.loop_t) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Sleeps as little as there is to do: not at all after a cycle that did something, then busy_sleep, growing to idle_sleep
 * with the time that nothing has happened.
 */
DECLARE
  quiet FLOAT8 := extract(epoch FROM clock_timestamp() - _s.idle_since);
BEGIN
  IF NOT _s.worked THEN
    PERFORM pg_sleep(
      (SELECT greatest(extract(epoch FROM c.busy_sleep), least(extract(epoch FROM c.idle_sleep), quiet / 500))
       FROM async.control c));
  END IF;
END;
$$;
COMMENT ON FUNCTION async.rest(async.loop_t) IS 'Engine: sleeps as little as there is to do';
