CREATE OR REPLACE FUNCTION async.read_answer(_s async.loop_t, _target INT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes in a target's answer, if it has come: first the requests written there, then what became of its batches, so
 * that no task is resolved before what it asked for is known. One that takes more than 15 s counts as lost.
 *
 * _s: state of the orchestrator, returned as it is then; _target: index into _s.targets.
 * Errors: 08006 when there is trouble with the connection.
 * Writes async.intake and what follows from the answer.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t := targets[_target];
  reply JSONB := this_target.answer;
  passed BIGINT := this_target.intake_no;
BEGIN
  IF this_target.trouble IS NOT NULL THEN
    RAISE EXCEPTION '%', this_target.trouble USING ERRCODE = 'connection_failure';
  ELSIF reply IS NULL THEN
    IF clock_timestamp() > this_target.control_sent + INTERVAL '15 s' THEN
      RAISE EXCEPTION 'no answer for 15 s' USING ERRCODE = 'connection_failure';
    END IF;
    RETURN _s;
  END IF;
  this_target.answer := NULL;
  this_target.control_sent := NULL;
  this_target.probed := clock_timestamp();
  IF (reply->>'rotated')::BOOL THEN
    this_target.ring := 1 - this_target.ring;
    this_target.ring_tasks := 0;
    IF _s.in_test THEN
      PERFORM async.pass('rotated');
    END IF;
  ELSIF reply ? 'rotated' THEN
    this_target.ring_tasks := greatest(0, this_target.ring_tasks - 5000);  -- somebody has it open: later again
  END IF;
  IF NOT this_target.at_home THEN
    this_target.snapshot := reply->>'snapshot';
  END IF;
  IF (reply->>'trimmed')::BOOL THEN
    this_target.trimmed := this_target.in_flight->>'since';
  ELSIF reply ? 'trimmed' THEN
    this_target.next_trim := '-infinity';  -- there is more to remove
  END IF;
  IF reply ? 'errors' THEN
    PERFORM async.end_errands(this_target, reply->'errors');
  END IF;
  this_target.pause := CASE
    WHEN jsonb_typeof(reply->'requests') = 'array' THEN 0.05 ELSE least(1, this_target.pause * 1.3) END;
  IF jsonb_typeof(reply->'requests') = 'array' THEN
    INSERT INTO async.intake(target_id, snapshot) VALUES (this_target.target_id, this_target.snapshot::TXID_SNAPSHOT)
    RETURNING intake_no INTO this_target.intake_no;
    DELETE FROM async.intake i WHERE i.target_id = this_target.target_id AND i.intake_no = passed;
  END IF;
  targets[_target] := this_target;
  _s.targets := targets;
  IF jsonb_typeof(reply->'requests') = 'array' THEN
    _s := async.take_in(_s, async.parse_requests(reply->'requests'));
  END IF;
  RETURN async.apply_answer(_s, _target, reply);
END;
$$;
COMMENT ON FUNCTION async.read_answer(async.loop_t, INT) IS 'Engine: takes in the answer of a target';
