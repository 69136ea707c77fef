CREATE OR REPLACE FUNCTION async.end_errands(_target async.target_state_t, _errors JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Drops the errands that a target has run; those that failed are logged.
 *
 * _target: the target, with the exchange that it has answered; _errors: texts, as async.run_errands() returns them.
 * Writes async.errand, async.log_entry.
 */
#variable_conflict error
BEGIN
  DELETE FROM async.errand e
  USING jsonb_array_elements(_target.in_flight->'errand_ids') g(ids) CROSS JOIN LATERAL jsonb_array_elements_text(g.ids) u(id)
  WHERE e.target_id = _target.target_id AND e.errand_id = u.id::BIGINT;
  PERFORM async.log('WARNING', format('errand on target %s failed: %s', _target.target, u.message))
  FROM jsonb_array_elements_text(_errors) u(message);
END;
$$;
COMMENT ON FUNCTION async.end_errands(async.target_state_t, JSONB) IS 'Engine: drops the errands that a target has run';
