CREATE OR REPLACE FUNCTION async.label_item(_section TEXT, _item JSONB, _no BIGINT) RETURNS TEXT
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What an error message calls an item of a configuration of the engine: by its name, or by its place where it has
 * none that may be told.
 *
 * _section: control, targets or concurrency_pools; _item: the item; _no: its place in the section, from 1.
 */
SELECT CASE
  WHEN _section = 'control' THEN _section
  WHEN jsonb_typeof(_item->n.name_key) = 'string' AND async.is_label(_item->>n.name_key)
  THEN format('%s %s', replace(n.name_key, '_', ' '), to_json(_item->>n.name_key))
  ELSE format('%s[%s]', _section, _no)
END
FROM (SELECT left(_section, -1) AS name_key) n;
$$;
COMMENT ON FUNCTION async.label_item(TEXT, JSONB, BIGINT) IS
  'Engine: what an error message calls an item of a configuration';
