CREATE OR REPLACE FUNCTION async.report_missing(_slots async.slot_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells the extension concerned of targets that turned out not to have what a first batch brings (PF014).
 *
 * _slots: with their batches.
 * Calls on_missing of async.task_kind, and writes what that does.
 */
#variable_conflict error
DECLARE
  missing RECORD;
BEGIN
  -- a call for each lane and target
  FOR missing IN
    SELECT DISTINCT k.on_missing, l.owner_id, x.target_id
    FROM unnest(_slots) x JOIN async.lane l ON l.lane_id = x.lane_id JOIN async.task_kind k ON k.kind = l.kind
    WHERE x.sqlstate = 'MISSING' AND k.on_missing IS NOT NULL
  LOOP
    EXECUTE format('SELECT %s($1, $2)', missing.on_missing::REGPROC) USING missing.owner_id, missing.target_id;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.report_missing(async.slot_t[]) IS 'Engine: tells an extension what a target does not have';
