CREATE OR REPLACE FUNCTION async.wake_lanes(_lane_ids BIGINT[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells the cycle that lanes have something new. Kept in a setting of the orchestrator's session, pgflow.woken, which
 * is undone with the transaction, as the rows are.
 *
 * _lane_ids: the lanes.
 */
#variable_conflict error
BEGIN
  PERFORM set_config(
    'pgflow.woken',
    concat_ws(',', nullif(current_setting('pgflow.woken', true), ''), array_to_string(_lane_ids, ',')),
    false);
END;
$$;
COMMENT ON FUNCTION async.wake_lanes(BIGINT[]) IS 'Engine: tells the cycle that lanes have something new';
