CREATE OR REPLACE FUNCTION async.build_upkeep(_target async.target_state_t) RETURNS JSONB LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The part of an exchange that tidies up on a target, now and then: requests that have been taken in are removed,
 * errands run, up to a thousand. errand_ids is for the sender's own use.
 *
 * _target: the target.
 * Reads async.errand.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT jsonb_build_object('trim', true, 'trimmed', _target.trimmed)
      || CASE WHEN count(*) > 0 THEN jsonb_build_object('errands', jsonb_agg(r.errand), 'errand_ids', jsonb_agg(r.ids))
         ELSE '{}' END
    FROM (
      SELECT jsonb_build_object('routine', e.routine, 'arguments', jsonb_agg(e.argument)) AS errand,
             jsonb_agg(e.errand_id) AS ids
      FROM (SELECT o.* FROM async.errand o WHERE o.target_id = _target.target_id ORDER BY o.errand_id LIMIT 1000) e
      GROUP BY e.routine) r);
END;
$$;
COMMENT ON FUNCTION async.build_upkeep(async.target_state_t) IS 'Engine: the part of an exchange that tidies up';
