CREATE OR REPLACE FUNCTION async.ensure_lane(_lane async.lane) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Finds the open lane that has certain properties, or makes it, and wakes it. Orchestrator only.
 *
 * _lane: the properties; lane_id does not count, and null stands for the default of the table.
 * Returns its lane_id.
 * Writes async.lane, async.open_lane.
 */
#variable_conflict error
DECLARE
  found_id BIGINT;
BEGIN
  SELECT l.lane_id INTO found_id
  FROM async.lane l JOIN async.open_lane o ON o.lane_id = l.lane_id
  WHERE l.owner_id = _lane.owner_id AND l.owner_item = _lane.owner_item
    AND l.priority = _lane.priority AND l.target_id = _lane.target_id
    AND l.owner = _lane.owner AND l.pool_id = _lane.pool_id AND l.kind = _lane.kind
    AND l.asynchronous = _lane.asynchronous AND l.raw = _lane.raw
    AND l.outside = coalesce(_lane.outside, false)
    AND l.call IS NOT DISTINCT FROM _lane.call AND l.timeout IS NOT DISTINCT FROM _lane.timeout
    AND l.retries = coalesce(_lane.retries, 0)
    AND l.retry_delay = coalesce(_lane.retry_delay, '1 s') AND l.retry_backoff = coalesce(_lane.retry_backoff, 2)
    AND l.retry_max_delay = coalesce(_lane.retry_max_delay, '1 h') AND l.retry_on IS NOT DISTINCT FROM _lane.retry_on
    AND l.on_interrupt = coalesce(_lane.on_interrupt, 'retry')
    AND (SELECT true FROM async.doomed_lane d WHERE d.lane_id = l.lane_id) IS NULL
  LIMIT 1;
  IF found_id IS NULL THEN
    INSERT INTO async.lane(
      target_id, pool_id, priority, owner, owner_id, owner_item, kind, call, label, timeout, asynchronous, raw,
      outside, retries, retry_delay, retry_backoff, retry_max_delay, retry_on, on_interrupt)
    VALUES (
      _lane.target_id, _lane.pool_id, _lane.priority, _lane.owner, _lane.owner_id, _lane.owner_item, _lane.kind,
      _lane.call, _lane.label, _lane.timeout, _lane.asynchronous, _lane.raw, coalesce(_lane.outside, false),
      coalesce(_lane.retries, 0),
      coalesce(_lane.retry_delay, '1 s'), coalesce(_lane.retry_backoff, 2), coalesce(_lane.retry_max_delay, '1 h'),
      _lane.retry_on, coalesce(_lane.on_interrupt, 'retry'))
    RETURNING lane_id INTO found_id;
    INSERT INTO async.open_lane(lane_id) VALUES (found_id);
  END IF;
  PERFORM async.wake_lanes(ARRAY[found_id]);
  RETURN found_id;
END;
$$;
COMMENT ON FUNCTION async.ensure_lane(async.lane) IS 'Engine: finds or makes the lane with some properties';
