CREATE OR REPLACE FUNCTION async.cancel_owned(_owner TEXT, _owner_id BIGINT, _owner_item INT, _message TEXT)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: cancels all that an owner has open, or the members of one of its items.
 * What waits is canceled piece by piece, what runs is interrupted in the next cycle; each ends with a result of its
 * own. The setting pgflow.doomed names the lanes to async.drain_doomed_lane(); it is undone with the transaction.
 *
 * _owner, _owner_id: the owner; _owner_item: the item, null: everything; _message: reason that the views show.
 * Writes async.doomed_lane, async.request.
 */
#variable_conflict error
DECLARE
  doomed TEXT;
BEGIN
  WITH newly AS
  (
    INSERT INTO async.doomed_lane(lane_id, message)
    SELECT l.lane_id, _message
    FROM async.lane l JOIN async.open_lane o ON o.lane_id = l.lane_id
    WHERE l.owner = _owner AND l.owner_id = _owner_id AND (_owner_item IS NULL OR l.owner_item = _owner_item)
    ON CONFLICT DO NOTHING
    RETURNING lane_id
  )
  SELECT string_agg(n.lane_id::TEXT, ',') INTO doomed FROM newly n;
  PERFORM set_config(
    'pgflow.doomed', concat_ws(',', nullif(current_setting('pgflow.doomed', true), ''), doomed), false);
  PERFORM async.add_request('async.interrupt', jsonb_build_object(
    'owner', _owner, 'owner_id', _owner_id, 'owner_item', _owner_item, 'message', _message));
END;
$$;
COMMENT ON FUNCTION async.cancel_owned(TEXT, BIGINT, INT, TEXT) IS 'Engine: cancels what an owner has open';
