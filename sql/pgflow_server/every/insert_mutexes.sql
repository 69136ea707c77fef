CREATE OR REPLACE FUNCTION flow.insert_mutexes(_definition_id BIGINT, _mutexes JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Stores the sets of nodes that never run at once.
 *
 * _definition_id: the definition, whose nodes have been stored.
 * _mutexes: mutexes of a configuration that has been checked, or null.
 * Writes flow.definition_mutex.
 */
#variable_conflict error
BEGIN
  INSERT INTO flow.definition_mutex(definition_id, mutex_no, node_no)
  SELECT _definition_id, m.no, d.node_no
  FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_mutexes) = 'array' THEN _mutexes ELSE '[]' END) WITH ORDINALITY AS m(item, no)
  CROSS JOIN LATERAL jsonb_array_elements_text(m.item) AS n(node)
  JOIN flow.definition_node d ON d.definition_id = _definition_id AND d.node = n.node
  ORDER BY m.no, d.node_no;
END;
$$;
COMMENT ON FUNCTION flow.insert_mutexes(BIGINT, JSONB) IS 'Engine: stores the mutexes of a definition';
