CREATE OR REPLACE FUNCTION async.count_towards_rotation(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Counts the tasks just assigned towards the next change of their target's receipt table. A target is asked to empty it
 * at once when it is due: asked only now and then, it would take in as many more on a quick machine.
 *
 * _s: state of the orchestrator, returned as it is then.
 */
#variable_conflict error
DECLARE
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
BEGIN
  FOR i IN 1..coalesce(cardinality(targets), 0) LOOP
    this_target := targets[i];
    this_target.ring_tasks := this_target.ring_tasks + (
      SELECT coalesce(sum(cardinality(x.task_ids)), 0)
      FROM unnest(_s.slots) x WHERE x.target_id = this_target.target_id AND x.query IS NOT NULL);
    IF this_target.ring_tasks >= 50000 THEN
      this_target.next_exchange := '-infinity';
    END IF;
    targets[i] := this_target;
  END LOOP;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.count_towards_rotation(async.loop_t) IS
  'Engine: counts tasks towards the next change of receipt table';
