CREATE OR REPLACE FUNCTION async.find_nearest_name(_name TEXT, _names TEXT[]) RETURNS TEXT
LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The name that was most likely meant by one that does not exist: few letters apart, or one a part of the other.
 *
 * _name: what was given; _names: what exists.
 * Returns null when none is near.
 */
SELECT c.name
FROM
(
  -- A letter that only one of the two has costs an edit: this bound is cheap, and leaves few for the exact distance.
  SELECT
    n.name,
    g.most_edits,
    strpos(lower(n.name), g.given) > 0 OR strpos(g.given, lower(n.name)) > 0 AS is_part
  FROM
  (
    SELECT
      lower(left(_name, 200)) AS given,
      least(greatest(2, length(_name) / 3), length(_name) - 1) AS most_edits
  ) g
  CROSS JOIN unnest(_names) AS n(name)
  CROSS JOIN LATERAL
  (
    SELECT greatest(
      length(translate(lower(n.name), g.given, '')),
      length(translate(g.given, lower(n.name), '')),
      abs(length(n.name) - length(g.given))) AS least_edits
  ) b
  WHERE
    b.least_edits <= g.most_edits
    OR (least(length(n.name), length(g.given)) >= 3
      AND (strpos(lower(n.name), g.given) > 0 OR strpos(g.given, lower(n.name)) > 0))
  ORDER BY
    b.least_edits,
    (left(n.name, length(g.given) / 2) = left(g.given, length(g.given) / 2))::INT
      + (right(n.name, length(g.given) / 2) = right(g.given, length(g.given) / 2))::INT DESC,
    n.name COLLATE "C"
  LIMIT 20
) c
CROSS JOIN LATERAL (SELECT async.measure_edit_distance(lower(left(_name, 200)), lower(c.name)) AS edits) d
WHERE d.edits <= c.most_edits OR c.is_part
ORDER BY d.edits, c.name COLLATE "C"
LIMIT 1;
$$;
COMMENT ON FUNCTION async.find_nearest_name(TEXT, TEXT[]) IS
  'Engine: the existing name nearest to one that does not exist';
