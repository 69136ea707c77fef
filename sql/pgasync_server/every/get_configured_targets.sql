CREATE OR REPLACE FUNCTION async.get_configured_targets(
  _configuration JSONB,
  OUT target TEXT,
  OUT is_self BOOL,
  OUT is_given BOOL,
  OUT connection_string TEXT,
  OUT has_none BOOL,
  OUT max_concurrency INT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * The targets that there will be once a configuration is applied; values of a wrong type count as not given.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a target; is_given: the configuration names it; has_none: it is said to have no connection.
 */
WITH
control AS
(
  SELECT
    c.self_target AS old_self,
    CASE jsonb_typeof(g.item->'self_target') WHEN 'string' THEN g.item->>'self_target' ELSE c.self_target END
      AS new_self,
    CASE jsonb_typeof(g.item->'self_concurrency') WHEN 'number' THEN (g.item->>'self_concurrency')::NUMERIC END
      AS new_limit
  FROM async.control c
  LEFT JOIN jsonb_array_elements(async.get_configuration_items(_configuration, 'control')) AS g(item) ON true
),
given AS
(
  SELECT DISTINCT ON (1)
    g.item->>'target' AS target,
    g.item->>'connection_string' AS connection_string,
    g.item ? 'connection_string' AS has_string,
    CASE jsonb_typeof(g.item->'max_concurrency') WHEN 'number' THEN (g.item->>'max_concurrency')::NUMERIC END
      AS new_limit
  FROM jsonb_array_elements(async.get_configuration_items(_configuration, 'targets')) WITH ORDINALITY AS g(item, no)
  WHERE jsonb_typeof(g.item->'target') = 'string'
  ORDER BY 1, g.no DESC
),
present AS
(
  SELECT
    CASE t.target WHEN c.old_self THEN c.new_self ELSE t.target END AS target,
    t.connection_string,
    CASE WHEN t.target = c.old_self AND c.new_limit IS NOT NULL THEN c.new_limit ELSE t.max_concurrency END
      AS max_concurrency
  FROM async.target t
  CROSS JOIN control c
)
SELECT
  coalesce(g.target, p.target),
  coalesce(g.target, p.target) = c.new_self,
  g.target IS NOT NULL,
  CASE WHEN g.has_string THEN g.connection_string ELSE p.connection_string END,
  CASE WHEN g.has_string THEN g.connection_string ELSE p.connection_string END IS NULL AND p.connection_string IS NULL
    AND (g.has_string OR p.target IS NOT NULL),
  least(coalesce(g.new_limit, p.max_concurrency, 8), 1e9)::INT
FROM given g
FULL JOIN present p ON p.target = g.target
CROSS JOIN control c;
$$;
COMMENT ON FUNCTION async.get_configured_targets(JSONB) IS 'Engine: the targets that a configuration leads to';
