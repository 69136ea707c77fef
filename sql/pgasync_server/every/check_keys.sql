CREATE OR REPLACE FUNCTION async.check_keys(
  _objects JSONB,
  _rules JSONB,
  _null_allowed BOOL,
  OUT object_no INT,
  OUT problem TEXT,
  OUT unknown_key TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the keys of the objects of a configuration, each for itself.
 *
 * _objects: array of the objects; items that are no objects are passed over.
 * _rules: {key: {"kind": …, "least": …, "most": …, "words": […], "null": …}}; the CASE below has the kinds.
 * _null_allowed: any key may be null; otherwise only one whose rule has a true "null".
 * Returns a row a problem: place of the object in the array from 1, what is wrong, the key where no rule knows it.
 */
SELECT
  o.no::INT,
  CASE
    WHEN r.kind IS NULL THEN format('unknown key %s', to_json(v.key))
    ELSE format('%s must be %s', v.key, async.describe_wanted_value(r.rule, v.value))
  END,
  CASE WHEN r.kind IS NULL THEN v.key END
FROM jsonb_array_elements(_objects) WITH ORDINALITY AS o(item, no)
CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(o.item) = 'object' THEN o.item ELSE '{}' END) AS v
LEFT JOIN
(
  SELECT
    e.key, e.value AS rule, e.value->>'kind' AS kind, e.value->'words' AS words,
    (e.value->>'least')::NUMERIC AS least, (e.value->>'most')::NUMERIC AS most,
    _null_allowed OR coalesce((e.value->'null')::BOOL, false) AS null_allowed
  FROM jsonb_each(_rules) AS e
) r ON r.key = v.key
WHERE CASE jsonb_typeof(v.value)
  WHEN 'null' THEN NOT r.null_allowed
  WHEN 'boolean' THEN r.kind <> 'boolean'
  WHEN 'array' THEN
    CASE r.kind
      WHEN 'array' THEN false
      -- of errors, so not of class 00
      WHEN 'sqlstates' THEN
        v.value::TEXT !~ '^\[(|"(?!00)[0-9A-Z]{2}([0-9A-Z]{3})?"(, "(?!00)[0-9A-Z]{2}([0-9A-Z]{3})?")*)\]$'
      ELSE true
    END
  WHEN 'object' THEN true
  WHEN 'number' THEN
    CASE r.kind
      WHEN 'integer' THEN v.value::NUMERIC NOT BETWEEN r.least AND r.most OR v.value::NUMERIC % 1 <> 0
      WHEN 'number' THEN v.value::NUMERIC NOT BETWEEN r.least AND r.most
      WHEN 'duration' THEN coalesce(async.parse_interval(v.value) <= '0', true)
      WHEN 'delay' THEN async.parse_interval(v.value) IS NULL
      ELSE true
    END
  ELSE
    CASE r.kind
      WHEN 'identifier' THEN NOT async.is_routine_name(v.value#>>'{}', false)
      WHEN 'routine' THEN NOT async.is_routine_name(v.value#>>'{}', true)
      WHEN 'label' THEN NOT async.is_label(v.value#>>'{}')
      WHEN 'string' THEN false
      WHEN 'secret' THEN (v.value#>>'{}') !~ '\S'
      WHEN 'word' THEN NOT r.words ? (v.value#>>'{}')
      WHEN 'duration' THEN coalesce(async.parse_interval(v.value) <= '0', true)
      WHEN 'delay' THEN async.parse_interval(v.value) IS NULL
      ELSE true
    END
  END IS NOT false;
$$;
COMMENT ON FUNCTION async.check_keys(JSONB, JSONB, BOOL) IS
  'Engine: unknown keys and wrong values of the objects of a configuration';
