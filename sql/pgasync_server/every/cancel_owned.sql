CREATE OR REPLACE FUNCTION async.cancel_owned(_owner TEXT, _owner_id BIGINT, _owner_item INT, _message TEXT)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: cancels all that an owner has open, or the members of one of its items.
 * What waits is canceled piece by piece, what runs is interrupted in the next cycle; each ends with a result of its
 * own.
 *
 * _owner, _owner_id: the owner; _owner_item: the item, null: everything; _message: reason that the views show.
 * Writes async.doomed_lane, async.request.
 */
#variable_conflict error
DECLARE
  running BIGINT[];
BEGIN
  INSERT INTO async.doomed_lane(lane_id, message)
  SELECT l.lane_id, _message
  FROM async.lane l JOIN async.open_lane o ON o.lane_id = l.lane_id
  WHERE l.owner = _owner AND l.owner_id = _owner_id AND (_owner_item IS NULL OR l.owner_item = _owner_item)
  ON CONFLICT DO NOTHING;

  SELECT array_agg(u.task_id) INTO running
  FROM async.batch b
  JOIN async.lane l ON l.lane_id = b.lane_id
  CROSS JOIN LATERAL unnest(b.task_ids) u(task_id)
  WHERE l.owner = _owner AND l.owner_id = _owner_id AND (_owner_item IS NULL OR l.owner_item = _owner_item);
  IF running IS NOT NULL THEN
    PERFORM async.cancel(running, _message);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.cancel_owned(TEXT, BIGINT, INT, TEXT) IS 'Engine: cancels what an owner has open';
