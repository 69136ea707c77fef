CREATE OR REPLACE FUNCTION async.open_slots(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens connections, a few a cycle, to targets with waiting tasks and no idle slot, up to their max_concurrency.
 * Another server must have answered within the last 10 ms, or is asked for that first: connecting is the one thing
 * that has to be waited for. Trouble costs that target only.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
  wanting RECORD;
BEGIN
  -- a loop: each connection is opened by itself, and may fail by itself
  FOR wanting IN SELECT w.* FROM async.find_wanting_targets(_s) w LOOP
    this_target := targets[wanting.n];
    IF NOT this_target.is_self AND this_target.probed < clock_timestamp() - INTERVAL '10 ms' THEN
      IF this_target.has_client THEN
        this_target.next_exchange := '-infinity';
      ELSE
        this_target.state := 'down';  -- it has nothing to ask: a helper tries it again
        this_target.retry_at := '-infinity';
      END IF;
      targets[wanting.n] := this_target;
      _s.targets := targets;
      CONTINUE;
    END IF;
    BEGIN
      FOR i IN 1..wanting.missing LOOP
        _s.slots := _s.slots || async.open_slot(_s, this_target);
        _s.worked := true;
        IF _s.in_test THEN
          PERFORM async.pass('opened');
        END IF;
      END LOOP;
    EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
      _s := async.refuse_slots(_s, wanting.n, SQLERRM);
      targets := _s.targets;
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.open_slots(async.loop_t) IS 'Engine: opens connections where tasks wait';
