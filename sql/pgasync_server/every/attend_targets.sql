CREATE OR REPLACE FUNCTION async.attend_targets(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One step with every target that is of use now: connect, ask, or take in what it answered; waits for none of them.
 * Trouble with a target is logged and touches no other.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry, and what follows from the answers.
 */
#variable_conflict error
DECLARE
  this_target async.target_state_t;
  detail TEXT;
  busy INT[] := ARRAY(
    SELECT l.target_id FROM unnest(_s.lanes) l WHERE NOT l.empty AND NOT l.outside
    UNION SELECT x.target_id FROM unnest(_s.slots) x WHERE x.state <> 'idle');
BEGIN
  FOR i IN 1..coalesce(cardinality(_s.targets), 0) LOOP
    this_target := _s.targets[i];
    BEGIN
      CASE
        WHEN this_target.state = 'up' AND this_target.control_sent IS NOT NULL THEN
          _s := async.read_answer(_s, i);
        WHEN this_target.state = 'up' THEN
          _s := async.ask_target(_s, i, this_target.target_id = ANY(busy));
        WHEN this_target.state = 'probing' THEN
          _s := async.check_probe(_s, i);
        WHEN this_target.state = 'down' AND clock_timestamp() >= this_target.retry_at
             AND (this_target.is_self OR this_target.target_id = ANY(busy)) THEN
          _s := async.approach_target(_s, i);
        ELSE NULL;
      END CASE;
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      _s := async.lose_target(_s, i, concat_ws(': ', SQLERRM, translate(nullif(detail, ''), E'\n\t', '  ')));
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.attend_targets(async.loop_t) IS 'Engine: one step with every target';
