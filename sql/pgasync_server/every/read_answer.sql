CREATE OR REPLACE FUNCTION async.read_answer(_s async.loop_t, _target INT) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes in a target's answer, if it has come: first the requests written there, then what became of its batches, so that
 * no task is resolved before what it asked for is known. One that takes more than 15 s counts as lost.
 * _target: index into _s.targets. Errors: those of the connection. Writes async.intake and what follows from the answer.
 */
DECLARE
  targets async.target_state_t[] := _s.targets;
  target async.target_state_t := targets[_target];
  answer JSONB := target.answer;
BEGIN
  IF target.trouble IS NOT NULL THEN
    RAISE EXCEPTION '%', target.trouble USING ERRCODE = 'connection_failure';
  ELSIF answer IS NULL THEN
    IF clock_timestamp() > target.control_sent + INTERVAL '15 s' THEN
      RAISE EXCEPTION 'no answer for 15 s' USING ERRCODE = 'connection_failure';
    END IF;
    RETURN _s;
  END IF;
  target.answer := NULL;
  target.control_sent := NULL;
  target.probed := clock_timestamp();
  IF (answer->>'rotated')::BOOL THEN
    target.ring := 1 - target.ring;
    target.ring_tasks := 0;
  ELSIF answer ? 'rotated' THEN
    target.ring_tasks := greatest(0, target.ring_tasks - 5000);  -- somebody has it open: later again
  END IF;
  IF NOT target.at_home THEN
    target.snapshot := answer->>'snapshot';
  END IF;
  target.pause := CASE WHEN jsonb_typeof(answer->'requests') = 'array' THEN 0.05 ELSE least(1, target.pause * 1.3) END;
  targets[_target] := target;
  _s.targets := targets;
  IF jsonb_typeof(answer->'requests') = 'array' THEN
    INSERT INTO async.intake(target_id, snapshot) VALUES (target.target_id, target.snapshot::TXID_SNAPSHOT);
    _s := async.take_in(_s, async.requests_of(answer->'requests'));
  END IF;
  RETURN async.apply_answer(_s, _target, answer);
END;
$$;
COMMENT ON FUNCTION async.read_answer(async.loop_t, INT) IS 'Engine: takes in the answer of a target';
