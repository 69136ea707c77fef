CREATE OR REPLACE FUNCTION async.settle_offers(_task_ids BIGINT[], _status TEXT, _message TEXT) RETURNS BIGINT[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends the attempts of tasks that workers outside the database have, and tells the owners of those that have ended. As
 * with any other task, one that has failed or timed out may have retries left; a
 * failure counts as raised by the user (P0001).
 *
 * _task_ids: tasks, of which those count that have been taken; _status, _message: how they end, and why.
 * Returns the other ones.
 * Writes async.offer, what async.record_verdicts() and the owners do.
 */
#variable_conflict error
DECLARE
  now CONSTANT TIMESTAMPTZ := clock_timestamp();
  verdicts async.verdict_t[] := ARRAY(
    SELECT DISTINCT ON (o.task_id) jsonb_populate_record(NULL::async.verdict_t, jsonb_build_object(
      'task_id', o.task_id, 'lane_id', o.lane_id, 'n', o.offer_no, 'started', o.taken, 'ended', now,
      'outcome', CASE _status WHEN 'FINISHED' THEN 'DONE' WHEN 'FAILED' THEN 'ERROR' ELSE _status END,
      'sqlstate', CASE _status WHEN 'FAILED' THEN 'P0001' END, 'error', _message,
      'asynchronous', false, 'owner', l.owner, 'owner_id', l.owner_id, 'owner_item', l.owner_item))
    FROM async.offer o JOIN async.lane l ON l.lane_id = o.lane_id
    WHERE o.task_id = ANY(_task_ids) AND o.taken IS NOT NULL
    ORDER BY o.task_id, o.offer_no DESC);
  held BIGINT[] := ARRAY(SELECT v.task_id FROM unnest(verdicts) v);
BEGIN
  IF cardinality(held) > 0 THEN
    PERFORM async.withdraw_offers(held);
    PERFORM async.deliver_results(async.record_verdicts(verdicts));
  END IF;
  RETURN ARRAY(SELECT u FROM unnest(_task_ids) u WHERE NOT u = ANY(held));
END;
$$;
COMMENT ON FUNCTION async.settle_offers(BIGINT[], TEXT, TEXT) IS
  'Engine: ends the attempts of workers outside the database';
