CREATE OR REPLACE FUNCTION async.find_limit_problems() RETURNS SETOF async.problem_t LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Pools and targets have no more busy slots than they may. A limit that was lowered meanwhile may be exceeded until slots
 * are free: it counts only if the newest batch was assigned after the orchestrator took in requests by a snapshot that had
 * seen it. What is below xmin of a snapshot had ended by then, subtransactions too.
 *
 * Returns a row a problem.
 */
WITH taken AS
(
  SELECT b.target_id, l.pool_id, b.assigned AS since FROM async.batch b JOIN async.lane l ON l.lane_id = b.lane_id
  UNION ALL
  SELECT o.target_id, o.pool_id, o.offered FROM async.offer o
), busy AS
(
  SELECT format('pool %s', p.concurrency_pool) AS name, p.max_workers AS most, p.xmin::TEXT::BIGINT AS changed,
         count(*) AS places, max(b.since) AS latest
  FROM taken b
  JOIN async.concurrency_pool p ON p.pool_id = b.pool_id
  GROUP BY p.pool_id, p.xmin::TEXT
  UNION ALL
  SELECT format('target %s', t.target), t.max_concurrency, t.xmin::TEXT::BIGINT, count(*), max(b.since)
  FROM taken b
  JOIN async.target t ON t.target_id = b.target_id
  GROUP BY t.target_id, t.xmin::TEXT
)
SELECT 'over_limit', s.name, format('%s places are taken, at most %s may be', s.places, s.most)
FROM busy s
WHERE s.places > s.most
  AND EXISTS (
    SELECT FROM async.intake i
    WHERE i.target_id = 0 AND i.taken < s.latest
      AND (txid_snapshot_xmin(i.snapshot) - 1 - s.changed) & 4294967295 < 2147483648);
$$;
COMMENT ON FUNCTION async.find_limit_problems() IS 'Engine: pools and targets that do more at once than they may';
