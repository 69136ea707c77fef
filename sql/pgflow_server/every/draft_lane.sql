CREATE OR REPLACE FUNCTION flow.draft_lane(_target TEXT, _may_yield BOOL, _timeout INTERVAL)
RETURNS async.lane LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A lane of a flow on a target, not stored yet, with what follows from the target: its pool, its timeout, whether
 * tasks wait for a finish, and whether workers outside the database take them.
 *
 * _target: name of the target.
 * _may_yield: tasks wait for a finish if the target says so.
 * _timeout: time for a task; null: that of the target.
 * Errors: PF007 when the target is gone.
 */
#variable_conflict error
DECLARE
  wanted async.lane;
BEGIN
  SELECT t.target_id, async.ensure_pool(NULL, t.target_id), coalesce(_timeout, t.default_timeout, c.default_timeout),
         _may_yield AND t.asynchronous_finish, async.has_no_connection(t)
  INTO wanted.target_id, wanted.pool_id, wanted.timeout, wanted.asynchronous, wanted.outside
  FROM async.target t CROSS JOIN async.control c
  WHERE t.target = _target;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown target "%"', _target USING ERRCODE = 'PF007';
  END IF;
  wanted.owner := 'flow';
  wanted.raw := false;
  RETURN wanted;
END;
$$;
COMMENT ON FUNCTION flow.draft_lane(TEXT, BOOL, INTERVAL) IS 'Engine: a lane of a flow on a target, not stored yet';
