CREATE OR REPLACE FUNCTION flow.forget_definitions(_keep INTERVAL) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes definitions older than some time that are no flow's newest and that no run refers to: looks at fifty of them,
 * and leaves those alone that somebody is just starting a run of. Their parts go piece by piece afterwards.
 *
 * The setting pgflow.definitions_seen of the orchestrator's session holds how far it has got.
 *
 * _keep: how old they must be.
 * Returns whether there is more to remove, or to look at.
 * Writes flow.definition, flow.dropped_definition, and what flow.drop_definition_parts() does; locks rows of the first.
 */
#variable_conflict error
DECLARE
  seen CONSTANT BIGINT := coalesce(nullif(current_setting('pgflow.definitions_seen', true), ''), '0')::BIGINT;
  piece BIGINT[];
BEGIN
  IF flow.drop_definition_parts() THEN
    RETURN true;
  END IF;
  piece := ARRAY(SELECT d.definition_id FROM flow.definition d WHERE d.definition_id > seen ORDER BY d.definition_id LIMIT 50);
  PERFORM set_config('pgflow.definitions_seen', coalesce(piece[50], 0)::TEXT, false);
  WITH unneeded AS
  (
    SELECT d.definition_id
    FROM flow.definition d
    WHERE d.definition_id = ANY(piece) AND d.created < clock_timestamp() - _keep
      AND NOT EXISTS (SELECT FROM flow.flow f WHERE f.flow = d.flow AND f.definition_id = d.definition_id)
      AND NOT EXISTS (SELECT FROM flow.run r WHERE r.definition_id = d.definition_id)
    FOR UPDATE SKIP LOCKED
  ), gone AS
  (
    DELETE FROM flow.definition d USING unneeded u WHERE d.definition_id = u.definition_id RETURNING d.definition_id
  )
  INSERT INTO flow.dropped_definition(definition_id) SELECT g.definition_id FROM gone g;
  RETURN FOUND OR piece[50] IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION flow.forget_definitions(INTERVAL) IS 'Engine: removes definitions that nobody needs';
