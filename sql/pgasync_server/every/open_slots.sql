CREATE OR REPLACE FUNCTION async.open_slots(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens connections, a few a cycle, to targets with waiting tasks and no idle slot, up to their max_concurrency. Another
 * server must have answered within the last 10 ms, or is asked for that first: connecting is the one thing that has to be
 * waited for. Trouble costs that target only.
 */
DECLARE
  targets async.target_state_t[] := _s.targets;
  target async.target_state_t;
  wanting RECORD;
BEGIN
  FOR wanting IN SELECT w.* FROM async.wanting_slots(_s) w LOOP
    target := targets[wanting.n];
    IF NOT target.is_self AND target.probed < clock_timestamp() - INTERVAL '10 ms' THEN
      IF target.has_client THEN
        target.next_exchange := '-infinity';
      ELSE
        target.state := 'down';  -- it has nothing to ask: a helper tries it again
        target.retry_at := '-infinity';
      END IF;
      targets[wanting.n] := target;
      _s.targets := targets;
      CONTINUE;
    END IF;
    BEGIN
      FOR i IN 1..wanting.missing LOOP
        _s.slots := _s.slots || async.open_slot(_s, target);
        _s.worked := true;
      END LOOP;
    EXCEPTION WHEN OTHERS THEN
      _s := async.refuse_slots(_s, wanting.n, SQLERRM);
      targets := _s.targets;
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.open_slots(async.loop_t) IS 'Engine: opens connections where tasks wait';
