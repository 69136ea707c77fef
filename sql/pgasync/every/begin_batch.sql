CREATE OR REPLACE FUNCTION async.begin_batch(_server UUID, _epoch BIGINT) RETURNS TIMESTAMPTZ LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * First call of every batch, on the target: leaves nothing of what ran before in the session, and refuses work of an
 * orchestrator that has been replaced.
 *
 * _server, _epoch: identity of the server and epoch of the orchestrator that assigned the batch.
 * Returns the time.
 * Errors: PF012 when a later orchestrator of that server has registered here.
 * Reads async.fence.
 */
#variable_conflict error
BEGIN
  RESET ALL;
  DISCARD TEMP;
  PERFORM pg_advisory_unlock_all();
  IF EXISTS (SELECT FROM async.fence f WHERE f.server = _server AND f.epoch > _epoch) THEN
    RAISE EXCEPTION 'orchestrator with epoch % has been replaced', _epoch USING ERRCODE = 'PF012';
  END IF;
  RETURN clock_timestamp();
END;
$$;
COMMENT ON FUNCTION async.begin_batch(UUID, BIGINT) IS 'Engine: opens a batch on a target';
