CREATE OR REPLACE FUNCTION async.withdraw_offers(_task_ids BIGINT[]) RETURNS BIGINT[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes the offers of tasks, taken ones too. One that a worker's open transaction is just taking stays: it is removed
 * when that has ended, and until then nobody else can take it.
 *
 * _task_ids: the tasks.
 * Returns those whose offer is gone.
 * Writes async.offer; locks its rows FOR UPDATE SKIP LOCKED.
 */
#variable_conflict error
DECLARE
  withdrawn BIGINT[];
BEGIN
  WITH gone AS
  (
    DELETE FROM async.offer o
    WHERE o.offer_no = ANY(ARRAY(
      SELECT f.offer_no FROM async.offer f WHERE f.task_id = ANY(_task_ids) FOR UPDATE SKIP LOCKED))
    RETURNING o.task_id
  )
  SELECT array_agg(DISTINCT g.task_id) INTO withdrawn FROM gone g;
  RETURN coalesce(withdrawn, '{}');
END;
$$;
COMMENT ON FUNCTION async.withdraw_offers(BIGINT[]) IS 'Engine: removes the offers of tasks';
