CREATE OR REPLACE FUNCTION async.assign(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives waiting tasks to idle slots: lanes by priority, then by turns, each as many slots as its share of what its
 * target and pool have free. Nothing is sent before that is committed.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.batch, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  lanes async.lane_state_t[] := _s.lanes;
  candidate RECORD;
  filled RECORD;
  idle INT[];
BEGIN
  -- a loop: what one lane gets, the next cannot have
  FOR candidate IN SELECT c.* FROM async.rank_lanes(_s) c LOOP
    CONTINUE WHEN lanes[candidate.n].empty;
    SELECT array_agg(f.n ORDER BY f.n) INTO idle
    FROM async.find_idle_slots(_s, slots, candidate.target_id, candidate.pool_id) f(n);
    CONTINUE WHEN idle IS NULL;
    idle := idle[1:greatest(1, ceil(cardinality(idle)::NUMERIC / candidate.rivals)::INT)];
    filled := async.fill_slots(_s, slots, lanes[candidate.n], idle);
    slots := filled.slots;
    lanes[candidate.n] := filled.lane;
    _s.worked := true;
  END LOOP;
  _s.slots := slots;
  _s.lanes := lanes;
  RETURN async.count_towards_rotation(_s);
END;
$$;
COMMENT ON FUNCTION async.assign(async.loop_t) IS 'Engine: gives waiting tasks to idle slots';
