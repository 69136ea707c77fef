CREATE OR REPLACE FUNCTION async.parse_conninfo(_conninfo TEXT, OUT n BIGINT, OUT keyword TEXT, OUT setting TEXT)
RETURNS SETOF RECORD LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The pairs of a libpq connection string, their values without quotes and escapes. One that is not well-formed gives a
 * last row without keyword, which says nothing of the text.
 *
 * _conninfo: such as host=a dbname='b c'.
 * Returns a row a pair, in order.
 */
WITH form AS
(
  SELECT $re$([^\s=]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)$re$ AS pair
)
SELECT m.n, m.part[1],
       regexp_replace(CASE WHEN left(m.part[2], 1) = chr(39) THEN substr(m.part[2], 2, length(m.part[2]) - 2) ELSE m.part[2] END,
                      '\\(.)', '\1', 'g')
FROM form f CROSS JOIN LATERAL regexp_matches(_conninfo, f.pair, 'g') WITH ORDINALITY m(part, n)
UNION ALL
SELECT length(_conninfo), NULL, NULL FROM form f WHERE regexp_replace(_conninfo, f.pair, '', 'g') ~ '\S'
ORDER BY 1;
$$;
COMMENT ON FUNCTION async.parse_conninfo(TEXT) IS 'Engine: the pairs of a libpq connection string';
