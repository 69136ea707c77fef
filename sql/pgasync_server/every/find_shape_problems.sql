CREATE OR REPLACE FUNCTION async.find_shape_problems(
  _configuration JSONB,
  OUT place INT,
  OUT item_no INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT[]) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the shape of a configuration of the engine: its sections, and each key for itself.
 *
 * _configuration: what async.configure() was given.
 * Returns a row a problem: number of the section, number of the item in it, what is wrong; where a name is not known,
 * that name and those that are.
 */
WITH section(no, name, kind) AS
(
  VALUES (1, 'control', 'object'), (2, 'targets', 'array'), (3, 'concurrency_pools', 'array')
)
SELECT 0, 0, format('unknown key %s', to_json(k.key)), k.key, (SELECT array_agg(s.name) FROM section s)
FROM jsonb_object_keys(_configuration) AS k(key)
WHERE k.key NOT IN (SELECT s.name FROM section s)

UNION ALL
SELECT s.no, 0, format('%s must be an %s', s.name, s.kind), NULL, NULL
FROM section s
WHERE jsonb_typeof(_configuration->s.name) NOT IN (s.kind, 'null')

UNION ALL
SELECT s.no, i.no::INT, async.label_item(s.name, i.item, i.no) || ' must be an object', NULL, NULL
FROM section s
CROSS JOIN LATERAL jsonb_array_elements(async.get_configuration_items(_configuration, s.name))
  WITH ORDINALITY AS i(item, no)
WHERE jsonb_typeof(i.item) <> 'object'

UNION ALL
SELECT s.no, p.object_no,
  format('%s: %s', async.label_item(s.name, g.items->(p.object_no - 1), p.object_no), p.problem),
  p.unknown_key, ARRAY(SELECT jsonb_object_keys(r.rules))
FROM section s
CROSS JOIN LATERAL (SELECT async.get_configuration_items(_configuration, s.name) AS items) g
CROSS JOIN LATERAL (SELECT async.get_configuration_rules()->s.name AS rules) r
CROSS JOIN LATERAL async.check_keys(g.items, r.rules, false) AS p;
$$;
COMMENT ON FUNCTION async.find_shape_problems(JSONB) IS
  'Engine: what is wrong with the keys of a configuration of the engine';
