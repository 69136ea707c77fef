CREATE OR REPLACE FUNCTION async.target_state(_target async.target, _old async.target_state_t) RETURNS async.target_state_t
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* A target as it is configured now, with what is known (_old) of its connections; one that is new has none. */
DECLARE
  target async.target_state_t := _old;
BEGIN
  IF target.target_id IS NULL THEN
    target.target_id := _target.target_id;
    target.is_self := _target.connection_string IS NULL;
    target.at_home := target.is_self;
    target.state := 'down';
    target.failures := 0;
    target.retry_at := '-infinity';
    target.next_exchange := '-infinity';
    target.next_trim := '-infinity';
    target.pause := 0.05;
    target.snapshot := (
      SELECT i.snapshot FROM async.intake i WHERE i.target_id = _target.target_id ORDER BY i.intake_no DESC LIMIT 1);
    target.ring := 0;
    target.ring_tasks := 0;
  END IF;
  target.target := _target.target;
  target.connection_string := coalesce(_target.connection_string, async.self_conninfo());
  target.max_concurrency := _target.max_concurrency;
  RETURN target;
END;
$$;
COMMENT ON FUNCTION async.target_state(async.target, async.target_state_t) IS 'Engine: a target as it is configured now';
