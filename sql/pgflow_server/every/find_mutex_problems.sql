CREATE OR REPLACE FUNCTION flow.find_mutex_problems(
  _mutexes JSONB,
  _names TEXT[],
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the sets of nodes that never run at once.
 *
 * _mutexes: the sets of the configuration, or null.
 * _names: names of all nodes that the flow is to have.
 * Returns a row a problem: what is wrong; where a name is not known, that name and what it should be.
 */
WITH mutex AS
(
  SELECT m.no, m.item
  FROM jsonb_array_elements(CASE WHEN jsonb_typeof(_mutexes) = 'array' THEN _mutexes ELSE '[]' END)
    WITH ORDINALITY AS m(item, no)
),
member AS
(
  SELECT m.no, n.item, n.item#>>'{}' AS node
  FROM mutex m
  CROSS JOIN LATERAL jsonb_array_elements(CASE WHEN jsonb_typeof(m.item) = 'array' THEN m.item ELSE '[]' END) AS n(item)
)
SELECT format('mutexes[%s] must be an array of names of nodes', m.no), NULL, NULL
FROM mutex m
WHERE jsonb_typeof(m.item) <> 'array' OR m.item = '[]'

UNION ALL
SELECT format('mutexes[%s]: %s is not the name of a node', n.no, left(n.item::TEXT, 80)), NULL, NULL
FROM member n
WHERE jsonb_typeof(n.item) <> 'string'

UNION ALL
SELECT format('mutexes[%s]: node %s does not exist', n.no, to_json(n.node)), n.node, 'node'
FROM member n
WHERE jsonb_typeof(n.item) = 'string' AND NOT EXISTS (SELECT FROM unnest(_names) AS e(node) WHERE e.node = n.node)

UNION ALL
SELECT format('mutexes[%s] names %s more than once', n.no, to_json(n.node)), NULL, NULL
FROM member n
WHERE jsonb_typeof(n.item) = 'string'
GROUP BY n.no, n.node
HAVING count(*) > 1;
$$;
COMMENT ON FUNCTION flow.find_mutex_problems(JSONB, TEXT[]) IS
  'Engine: what is wrong with the mutexes of a configuration of a flow';
