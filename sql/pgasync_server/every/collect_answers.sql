CREATE OR REPLACE FUNCTION async.collect_answers(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads the answers of targets that have come, to be looked at later in the cycle: after the requests of this
 * database have been taken in, so that whatever a task asked for here before it got the receipt in the answer is
 * known by then.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
  control TEXT;
BEGIN
  FOR i IN 1..coalesce(cardinality(targets), 0) LOOP
    this_target := targets[i];
    control := 'pgflow_control_' || this_target.target_id;
    CONTINUE WHEN this_target.control_sent IS NULL OR async.is_busy(control);
    BEGIN
      SELECT r.answer::JSONB INTO STRICT this_target.answer FROM async.dblink_result(control) r(answer);
      PERFORM FROM async.dblink_result(control);
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      this_target.trouble := SQLERRM;
    END;
    targets[i] := this_target;
    IF _s.in_test THEN
      PERFORM async.pass('answered');
    END IF;
  END LOOP;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.collect_answers(async.loop_t) IS 'Engine: reads the answers of targets that have come';
