CREATE OR REPLACE FUNCTION async.can_assign(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether tasks may still wait although slots of their target are idle: the next cycle then comes at once.
 *
 * _s: state of the orchestrator.
 */
#variable_conflict error
BEGIN
  RETURN EXISTS (
    SELECT FROM async.rank_lanes(_s) c
    CROSS JOIN LATERAL async.find_idle_slots(_s, _s.slots, c.target_id, c.pool_id));
END;
$$;
COMMENT ON FUNCTION async.can_assign(async.loop_t) IS 'Engine: whether more can be assigned at once';
