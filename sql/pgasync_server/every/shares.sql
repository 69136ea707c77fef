CREATE OR REPLACE FUNCTION async.shares(_taken async.taken_t[], _slots INT)
RETURNS TABLE (n BIGINT, sole TEXT, taken async.taken_t[]) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Shares tasks out to at most _slots messages: each group evenly over as many as there are for it, in order.
 */
WITH live AS
(
  SELECT t.task_id, t.seq, t.query, t.sole, t.data, t.doomed, row_number() OVER () AS place
  FROM unnest(_taken) t
), sized AS
(
  SELECT l.*, row_number() OVER w - 1 AS rank, count(*) OVER (PARTITION BY l.sole) AS members,
         greatest(1, _slots / (SELECT count(DISTINCT coalesce(d.sole, '')) FROM live d WHERE NOT d.doomed)) AS parts
  FROM live l
  WHERE NOT l.doomed
  WINDOW w AS (PARTITION BY l.sole ORDER BY l.place)
), parted AS
(
  SELECT z.*, z.rank / ceil(z.members::NUMERIC / z.parts)::BIGINT AS part FROM sized z
)
SELECT row_number() OVER (ORDER BY min(p.place)), p.sole,
       array_agg(ROW(p.task_id, p.seq, p.query, p.sole, p.data, p.doomed)::async.taken_t ORDER BY p.place)
FROM parted p
GROUP BY p.sole, p.part;
$$;
COMMENT ON FUNCTION async.shares(async.taken_t[], INT) IS 'Engine: shares tasks out to messages';
