CREATE OR REPLACE FUNCTION async.move_lane(
  _lane async.lane_state_t,
  _parts async.part_t[],
  _limit INT,
  _most INT) RETURNS async.lane_state_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A lane after tasks have been taken from its head. It is empty when there were fewer than asked for. Doomed ones
 * have been settled before and are only passed over.
 *
 * _lane: the lane, returned as it is then; _parts: the tasks; _limit, _most: how many tasks, in how many messages,
 * were asked for.
 * Writes async.lane_position, async.requeue, async.doom.
 */
#variable_conflict error
DECLARE
  part async.part_t;
  requeued_seqs BIGINT[] := '{}'::BIGINT[];
BEGIN
  _lane.empty := cardinality(_parts) < _most AND _limit > (
      SELECT coalesce(sum(coalesce(cardinality(p.task_ids), 0) + coalesce(cardinality(p.doomed), 0)), 0)
      FROM unnest(_parts) p)
    OR cardinality(_parts) = 0;
  FOREACH part IN ARRAY _parts LOOP
    _lane.position := greatest(_lane.position, part.furthest);
    _lane.served := _lane.served + coalesce(cardinality(part.task_ids), 0);
    requeued_seqs := requeued_seqs || coalesce(part.again, '{}');
    IF part.doomed IS NOT NULL THEN
      DELETE FROM async.doom d WHERE d.task_id = ANY(part.doomed);
    END IF;
  END LOOP;
  IF cardinality(requeued_seqs) > 0 THEN
    DELETE FROM async.requeue q WHERE q.lane_id = _lane.lane_id AND q.seq = ANY(requeued_seqs);
  END IF;
  _lane.requeued := cardinality(requeued_seqs) > 0;
  _lane.again := greatest(_lane.again, (SELECT max(u) FROM unnest(requeued_seqs) u));
  IF EXISTS (SELECT FROM unnest(_parts) p WHERE p.furthest IS NOT NULL) THEN
    INSERT INTO async.lane_position(lane_id, seq) VALUES (_lane.lane_id, _lane.position);
  END IF;
  RETURN _lane;
END;
$$;
COMMENT ON FUNCTION async.move_lane(async.lane_state_t, async.part_t[], INT, INT) IS
  'Engine: a lane after tasks have been taken from it';
