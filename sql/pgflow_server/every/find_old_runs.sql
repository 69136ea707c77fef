CREATE OR REPLACE FUNCTION flow.find_old_runs(_keep INTERVAL) RETURNS BIGINT[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs that ended long enough ago, among the next hundred. Behind the first that was requested within that time there is
 * none, so that it begins anew then: what is passed over are runs that were under way that long ago.
 *
 * Settings of the orchestrator's session: pgflow.runs_seen holds how far it has got, pgflow.runs_gone up to where no run is left,
 * lest rows that a transaction somewhere keeps from being removed be passed over and over.
 *
 * _keep: how long ago they must have ended.
 * Reads flow.run, flow.run_state, flow.open_run; locks rows of the first, passing over those that are just being restarted.
 */
#variable_conflict error
DECLARE
  before CONSTANT TIMESTAMPTZ := clock_timestamp() - _keep;
  gone CONSTANT BIGINT := coalesce(nullif(current_setting('pgflow.runs_gone', true), ''), '0')::BIGINT;
  seen CONSTANT BIGINT := greatest(coalesce(nullif(current_setting('pgflow.runs_seen', true), ''), '0')::BIGINT, gone);
  piece RECORD;
BEGIN
  SELECT count(*) AS runs, min(r.flow_id) AS first, max(r.flow_id) AS furthest, bool_or(r.requested >= before) AS has_new,
         array_agg(r.flow_id ORDER BY r.flow_id) FILTER (WHERE s.state <> 'RUNNING' AND s.changed < before) AS old_ids
  INTO piece
  FROM (SELECT n.flow_id, n.requested FROM flow.run n WHERE n.flow_id > seen ORDER BY n.flow_id LIMIT 100) r
  LEFT JOIN LATERAL (
    SELECT l.state, l.changed
    FROM flow.run_state l WHERE l.flow_id = r.flow_id AND r.requested < before ORDER BY l.state_no DESC LIMIT 1) s ON true;
  IF piece.old_ids IS NULL THEN
    PERFORM set_config(
      'pgflow.runs_seen', (CASE WHEN piece.runs = 100 AND NOT piece.has_new THEN piece.furthest ELSE 0 END)::TEXT, false);
  END IF;
  IF seen = gone THEN
    PERFORM set_config('pgflow.runs_gone', coalesce(
      piece.first - 1, (SELECT CASE WHEN q.is_called THEN q.last_value ELSE 0 END FROM flow.flow_id_seq q))::TEXT, false);
  END IF;
  piece.old_ids := ARRAY(
    SELECT r.flow_id FROM flow.run r WHERE r.flow_id = ANY(piece.old_ids) ORDER BY r.flow_id FOR UPDATE SKIP LOCKED);
  -- asked once they are locked: a restart may have been committed just before
  RETURN ARRAY(
    SELECT u FROM unnest(piece.old_ids) u WHERE NOT EXISTS (SELECT FROM flow.open_run o WHERE o.flow_id = u) ORDER BY u);
END;
$$;
COMMENT ON FUNCTION flow.find_old_runs(INTERVAL) IS 'Engine: runs that ended long ago';
