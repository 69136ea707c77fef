CREATE OR REPLACE FUNCTION async.take_epoch(_s async.loop_t, _above BIGINT) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Gives the orchestrator an epoch greater than any that this server has had.
 *
 * _s: state of the orchestrator, returned as it is then; _above: it must be greater than this one too.
 * Writes async.epoch.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.epoch(epoch, token, pid)
  SELECT greatest(coalesce(max(e.epoch), 0), _above) + 1, _s.token, pg_backend_pid() FROM async.epoch e
  RETURNING epoch INTO _s.epoch;
  DELETE FROM async.epoch e WHERE e.epoch < _s.epoch - 100;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_epoch(async.loop_t, BIGINT) IS 'Engine: gives the orchestrator a new epoch';
