CREATE OR REPLACE FUNCTION flow.insert_nodes(_definition_id BIGINT, _nodes JSONB, _mutexes JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Stores the nodes of a definition, with every default filled in.
 *
 * _definition_id: the definition.
 * _nodes: nodes of a configuration that has been checked.
 * _mutexes: its mutexes, or null.
 * Writes flow.definition_node.
 */
#variable_conflict error
DECLARE
  members JSONB := (
    SELECT coalesce(jsonb_object_agg(m.node, m.mutexes), '{}')
    FROM (SELECT e.node, count(*) AS mutexes
          FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_mutexes) = 'array' THEN _mutexes ELSE '[]' END) s(item)
          CROSS JOIN LATERAL jsonb_array_elements_text(s.item) e(node) GROUP BY e.node) m);
BEGIN
  INSERT INTO flow.definition_node(
    definition_id, node_no, node, target, routine, step_routine, empty, all_steps_must_complete, synchronous, priority,
    node_timeout, step_timeout, max_concurrency, retries, retry_delay, retry_backoff, retry_max_delay, retry_on, on_interrupt,
    steps_to_flow, steps, parents, mutexes)
  SELECT
    _definition_id,
    n.no,
    n.item->>'node',
    n.item->>'target',
    CASE WHEN (n.item->>'empty')::BOOL THEN NULL
      ELSE flow.quote_routine(coalesce(n.item->>'node_routine', n.item->>'routine', n.item->>'node')) END,
    CASE WHEN n.item->>'steps_to_flow' IS NULL
      THEN flow.quote_routine(coalesce(n.item->>'step_routine', n.item->>'routine', n.item->>'node')) END,
    coalesce((n.item->>'empty')::BOOL, false),
    coalesce((n.item->>'all_steps_must_complete')::BOOL, true),
    coalesce((n.item->>'synchronous')::BOOL, false),
    coalesce((n.item->>'priority')::NUMERIC::INT, 0),
    async.parse_interval(n.item->'node_timeout'),
    async.parse_interval(n.item->'step_timeout'),
    (n.item->>'max_concurrency')::NUMERIC::INT,
    coalesce((n.item->>'retries')::NUMERIC::INT, 0),
    coalesce(async.parse_interval(n.item->'retry_delay'), '1 s'),
    coalesce((n.item->>'retry_backoff')::FLOAT8, 2),
    coalesce(async.parse_interval(n.item->'retry_max_delay'), greatest(async.parse_interval(n.item->'retry_delay'), '1 h')),
    CASE WHEN n.item->>'retry_on' IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(n.item->'retry_on')) END,
    coalesce(n.item->>'on_interrupt', 'retry'),
    n.item->>'steps_to_flow',
    CASE WHEN n.item->>'steps' IS NOT NULL THEN
    (
      SELECT array_agg(s.step ORDER BY s.no)
      FROM
      (
        SELECT e.step, min(e.no) AS no
        FROM jsonb_array_elements(n.item->'steps') WITH ORDINALITY AS e(step, no)
        GROUP BY 1
      ) s
    ) END,
    CASE WHEN n.item->>'dependencies' IS NOT NULL THEN jsonb_array_length(n.item->'dependencies') ELSE 0 END,
    coalesce((members->>(n.item->>'node'))::INT, 0)
  FROM jsonb_array_elements(_nodes) WITH ORDINALITY AS n(item, no)
  ORDER BY n.no;
END;
$$;
COMMENT ON FUNCTION flow.insert_nodes(BIGINT, JSONB, JSONB) IS 'Engine: stores the nodes of a definition';
