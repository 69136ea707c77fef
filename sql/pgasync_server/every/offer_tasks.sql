CREATE OR REPLACE FUNCTION async.offer_tasks(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Offers tasks to workers outside the database: by priority, then by turns, as many as the concurrency of target and pool
 * leave free. An offer counts in both until its task has ended or gone back.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.offer, async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  lanes async.lane_state_t[] := _s.lanes;
  candidate RECORD;
  places INT;
BEGIN
  -- a loop: what one lane gets, the next cannot have
  FOR candidate IN SELECT c.* FROM async.rank_outside_lanes(_s) c LOOP
    SELECT least(f.of_target, f.of_pool) INTO places
    FROM async.count_free_places(_s.slots, candidate.target_id, candidate.pool_id) f;
    IF places > 0 THEN
      lanes[candidate.n] := async.offer_lane(lanes[candidate.n], ceil(places::NUMERIC / candidate.rivals)::INT);
      _s.worked := true;
      _s.pending := true;
    END IF;
  END LOOP;
  _s.lanes := lanes;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.offer_tasks(async.loop_t) IS 'Engine: offers tasks as far as there is room';
