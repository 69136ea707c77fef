CREATE OR REPLACE FUNCTION async.apply_targets(_targets JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes or changes the targets of a configuration; what it does not name stays. The target that is this database
 * keeps its connection string and its limit in async.control too.
 *
 * _targets: section targets of a configuration that has been checked.
 * Writes async.target, async.control; the caller has locked the row of the latter.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.target(target)
  SELECT g.item->>'target'
  FROM jsonb_array_elements(_targets) WITH ORDINALITY AS g(item, no)
  WHERE NOT EXISTS (SELECT FROM async.target t WHERE t.target = g.item->>'target')
  ORDER BY g.no;

  UPDATE async.target t
  SET
    connection_string = CASE
      WHEN t.target = c.self_target THEN NULL
      WHEN g.item ? 'connection_string' THEN g.item->>'connection_string'
      ELSE t.connection_string
    END,
    max_concurrency = coalesce((g.item->>'max_concurrency')::NUMERIC::INT, t.max_concurrency),
    asynchronous_finish = coalesce((g.item->>'asynchronous_finish')::BOOL, t.asynchronous_finish),
    default_timeout = CASE
      WHEN g.item ? 'default_timeout' THEN async.parse_interval(g.item->'default_timeout') ELSE t.default_timeout END,
    concurrency_track_yielded = coalesce((g.item->>'concurrency_track_yielded')::BOOL, t.concurrency_track_yielded),
    enabled = coalesce((g.item->>'enabled')::BOOL, t.enabled)
  FROM jsonb_array_elements(_targets) AS g(item)
  CROSS JOIN async.control c
  WHERE t.target = g.item->>'target';

  UPDATE async.control c
  SET
    self_concurrency = coalesce((g.item->>'max_concurrency')::NUMERIC::INT, c.self_concurrency),
    self_connection_string =
      CASE WHEN g.item ? 'connection_string' THEN g.item->>'connection_string' ELSE c.self_connection_string END
  FROM jsonb_array_elements(_targets) AS g(item)
  WHERE g.item->>'target' = c.self_target;
END;
$$;
COMMENT ON FUNCTION async.apply_targets(JSONB) IS 'Engine: section targets of async.configure()';
