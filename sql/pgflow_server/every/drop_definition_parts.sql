CREATE OR REPLACE FUNCTION flow.drop_definition_parts(_limit INT DEFAULT 2000) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes a piece of the parts of a definition that is gone.
 *
 * _limit: most rows of a table at a time.
 * Returns whether there is such a definition.
 * Writes flow.definition_node, flow.definition_edge, flow.definition_mutex, flow.dropped_definition.
 */
#variable_conflict error
DECLARE
  dropped_id BIGINT := (SELECT d.definition_id FROM flow.dropped_definition d ORDER BY d.definition_id LIMIT 1);
  removed BIGINT;
  more BOOL := false;
BEGIN
  IF dropped_id IS NULL THEN
    RETURN false;
  END IF;
  DELETE FROM flow.definition_edge p
  WHERE p.ctid = ANY(ARRAY(SELECT o.ctid FROM flow.definition_edge o WHERE o.definition_id = dropped_id LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  more := more OR removed = _limit;
  DELETE FROM flow.definition_node p
  WHERE p.ctid = ANY(ARRAY(SELECT o.ctid FROM flow.definition_node o WHERE o.definition_id = dropped_id LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  more := more OR removed = _limit;
  DELETE FROM flow.definition_mutex p
  WHERE p.ctid = ANY(ARRAY(SELECT o.ctid FROM flow.definition_mutex o WHERE o.definition_id = dropped_id LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  more := more OR removed = _limit;
  IF NOT more THEN
    DELETE FROM flow.dropped_definition d WHERE d.definition_id = dropped_id;
  END IF;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION flow.drop_definition_parts(INT) IS 'Engine: removes a piece of the parts of a definition that is gone';
