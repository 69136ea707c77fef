CREATE OR REPLACE FUNCTION async.is_offer_good(_offer_no BIGINT, _task_id BIGINT) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether an offered task is still what it was offered as: it has not ended, does not wait elsewhere, and has not been
 * offered anew. An offer outlives that where a worker's open transaction has it locked.
 *
 * _offer_no: the offer; _task_id: its task.
 * Reads async.result, async.delayed, async.requeue, async.offer.
 */
#variable_conflict error
BEGIN
  RETURN NOT EXISTS (SELECT FROM async.result r WHERE r.task_id = _task_id)
    AND NOT EXISTS (SELECT FROM async.delayed d WHERE d.task_id = _task_id)
    AND NOT EXISTS (SELECT FROM async.requeue q WHERE q.task_id = _task_id)
    AND NOT EXISTS (SELECT FROM async.offer o WHERE o.task_id = _task_id AND o.offer_no > _offer_no);
END;
$$;
COMMENT ON FUNCTION async.is_offer_good(BIGINT, BIGINT) IS 'Engine: whether an offered task may still be taken';
