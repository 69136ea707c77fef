CREATE OR REPLACE FUNCTION async.has_nothing_ended(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a cycle would find nothing to do although something runs: no message has ended, no target has
 * answered, nothing was asked for. A full cycle is due every 20 ms all the same.
 *
 * _s: state of the orchestrator.
 */
#variable_conflict error
BEGIN
  IF clock_timestamp() > _s.last_cycle + INTERVAL '20 ms' THEN
    RETURN false;
  END IF;
  FOR i IN 1..coalesce(cardinality(_s.slots), 0) LOOP
    IF (_s.slots)[i].state IN ('busy', 'opening') AND NOT async.is_busy((_s.slots)[i].connection) THEN
      RETURN false;
    END IF;
  END LOOP;
  FOR i IN 1..coalesce(cardinality(_s.targets), 0) LOOP
    IF (_s.targets)[i].control_sent IS NOT NULL
       AND NOT async.is_busy('pgflow_control_' || (_s.targets)[i].target_id) THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN async.has_nothing_new(_s);
END;
$$;
COMMENT ON FUNCTION async.has_nothing_ended(async.loop_t) IS
  'Engine: whether a cycle would find nothing to do although something runs';
