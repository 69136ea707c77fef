CREATE OR REPLACE FUNCTION flow.merge_configuration(_current JSONB, _given JSONB) RETURNS JSONB
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A configuration with another merged into it: keys that are given win, nodes of the same name are merged in the same
 * way, others come behind those that exist. Mutexes are added to those that exist, unless one of these names as much. A key
 * that is given as null takes its default again.
 *
 * _current: configuration of the flow.
 * _given: what to merge into it; an object. Its nodes that have no name are left out.
 */
SELECT (_current || _given) || CASE
  WHEN jsonb_typeof(_given->'nodes') = 'array' THEN jsonb_build_object('nodes',
  (
    SELECT jsonb_agg(
      CASE WHEN c.item IS NULL OR g.item IS NULL THEN coalesce(g.item, c.item) ELSE c.item || g.item END
      ORDER BY c.no, g.no)
    FROM jsonb_array_elements(_current->'nodes') WITH ORDINALITY AS c(item, no)
    FULL JOIN
    (
      SELECT e.item, e.no, e.item->>'node' AS node
      FROM jsonb_array_elements(_given->'nodes') WITH ORDINALITY AS e(item, no)
      WHERE jsonb_typeof(e.item->'node') = 'string'
    ) g ON g.node = c.item->>'node'
  ))
  -- null means the default, which for nodes would be none at all
  ELSE jsonb_build_object('nodes', _current->'nodes')
END || CASE
  WHEN jsonb_typeof(_current->'mutexes') = 'array' AND jsonb_typeof(_given->'mutexes') = 'array' THEN
    jsonb_build_object('mutexes', _current->'mutexes' || (
      SELECT coalesce(jsonb_agg(m.item ORDER BY m.no), '[]')
      FROM jsonb_array_elements(_given->'mutexes') WITH ORDINALITY AS m(item, no)
      WHERE NOT _current->'mutexes' @> jsonb_build_array(m.item)))
  ELSE '{}'
END;
$$;
COMMENT ON FUNCTION flow.merge_configuration(JSONB, JSONB) IS 'Engine: one configuration of a flow merged into another';
