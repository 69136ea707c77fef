CREATE OR REPLACE FUNCTION async.observe(_slot async.slot_t, _sessions JSONB) RETURNS async.slot_t
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Looks after a session that runs a batch without a connection to us. While it works it is left alone. When it does
 * not, it is ended, lest a message that was under way starts it again; when it is gone, gone is set.
 *
 * _slot: one that is watched, returned as it is then; _sessions: [[pid, start, active]] as the target reports them.
 */
#variable_conflict error
DECLARE
  found JSONB;
BEGIN
  SELECT e.value INTO found
  FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_sessions) = 'array' THEN _sessions END) e
  WHERE (e.value->>0)::INT = _slot.pid AND (e.value->>1)::TIMESTAMPTZ = _slot.backend_start;
  IF found IS NULL THEN
    _slot.gone := true;
    _slot.terminate := false;
  ELSIF NOT (found->>2)::BOOL THEN
    _slot.terminate := true;
  END IF;
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.observe(async.slot_t, JSONB) IS 'Engine: looks after a session without a connection to us';
