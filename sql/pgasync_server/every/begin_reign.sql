CREATE OR REPLACE FUNCTION async.begin_reign() RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes the state of an orchestrator that starts: identity of the server, made on the first start, and a new epoch. One
 * that runs nevertheless, by a mutex that was configured otherwise then, is waited for until the end of its cycle; its
 * next finds that it has been replaced.
 *
 * Writes async.identity, async.epoch, async.log_entry; locks async.epoch EXCLUSIVE.
 */
#variable_conflict error
DECLARE
  s async.loop_t;
BEGIN
  LOCK TABLE async.epoch IN EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM async.identity) THEN
    PERFORM async.claim_identity();
  END IF;
  s.server := (SELECT i.server FROM async.identity i);
  s.token := md5(concat(clock_timestamp(), random(), pg_backend_pid()))::UUID;
  s.slots := '{}';
  s.lanes := '{}';
  s.targets := '{}';
  s.started := clock_timestamp();
  s.idle_since := s.started;
  s.next_due := '-infinity';
  s.last_cycle := '-infinity';
  s.worked := true;
  s.pending := true;
  s.resting := false;
  s.next_maintenance := s.started;
  s.stopping := false;
  s.outside := false;
  s.in_test := coalesce(current_setting('pgflow.stop_at', true), '') <> '';
  s.due_from := '-infinity';
  s.untidy := false;
  s.next_vacuum := s.started;
  s.vacuumed := '{}';
  s.hand := 0;
  s.floor := 0;
  SELECT i.snapshot, i.intake_no INTO s.snapshot, s.intake_no
  FROM async.intake i WHERE i.target_id = 0 ORDER BY i.intake_no DESC LIMIT 1;
  s := async.take_epoch(s, 0);
  PERFORM async.log('NOTICE', format('orchestrator with epoch %s begins', s.epoch));
  RETURN s;
END;
$$;
COMMENT ON FUNCTION async.begin_reign() IS 'Engine: the state of an orchestrator that starts';
