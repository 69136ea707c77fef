CREATE OR REPLACE FUNCTION async.refresh_target(_target async.target, _old async.target_state_t)
RETURNS async.target_state_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A target as it is configured now, with what is known of its connections; one that is new has none.
 *
 * _target: its row; _old: its state so far, or null.
 * Reads async.intake.
 */
#variable_conflict error
DECLARE
  this_target async.target_state_t := _old;
BEGIN
  IF this_target.target_id IS NULL THEN
    this_target.target_id := _target.target_id;
    this_target.is_self := _target.connection_string IS NULL;  -- others without one are left out
    this_target.at_home := this_target.is_self;
    this_target.state := 'down';
    this_target.failures := 0;
    this_target.retry_at := '-infinity';
    this_target.next_exchange := '-infinity';
    this_target.next_trim := '-infinity';
    this_target.pause := 0.05;
    SELECT i.snapshot::TEXT, i.intake_no INTO this_target.snapshot, this_target.intake_no
    FROM async.intake i WHERE i.target_id = _target.target_id ORDER BY i.intake_no DESC LIMIT 1;
    this_target.ring := 0;
    this_target.ring_tasks := 0;
  END IF;
  this_target.target := _target.target;
  this_target.registered := this_target.registered
    AND this_target.connection_string = coalesce(_target.connection_string, async.build_self_conninfo());
  this_target.connection_string := coalesce(_target.connection_string, async.build_self_conninfo());
  this_target.max_concurrency := _target.max_concurrency;
  RETURN this_target;
END;
$$;
COMMENT ON FUNCTION async.refresh_target(async.target, async.target_state_t) IS
  'Engine: a target as it is configured now';
