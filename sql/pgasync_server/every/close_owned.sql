CREATE OR REPLACE FUNCTION async.close_owned(_owner TEXT, _owner_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: nothing more will come from these owners; their lanes are closed.
 *
 * _owner, _owner_ids: the owners.
 * Writes async.open_lane.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.open_lane o USING async.lane l
  WHERE l.lane_id = o.lane_id AND l.owner = _owner AND l.owner_id = ANY(_owner_ids)
    AND (SELECT true FROM async.doomed_lane d WHERE d.lane_id = o.lane_id) IS NULL;
END;
$$;
COMMENT ON FUNCTION async.close_owned(TEXT, BIGINT[]) IS 'Engine: closes the lanes of owners that have ended';
