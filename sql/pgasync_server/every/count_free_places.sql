CREATE OR REPLACE FUNCTION async.count_free_places(
  _slots async.slot_t[],
  _target_id INT,
  _pool_id INT,
  OUT of_target INT,
  OUT of_pool INT) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How many more tasks of a target, and of a pool, may be offered to workers outside the database: what runs on our own
 * connections, and what is offered or taken, counts.
 *
 * _slots: all slots; _target_id, _pool_id: target and pool.
 * Reads async.target, async.concurrency_pool, async.offer.
 */
#variable_conflict error
BEGIN
  SELECT (t.max_concurrency - count(*) FILTER (WHERE b.target_id = _target_id))::INT,
         (p.max_workers - count(*) FILTER (WHERE b.pool_id = _pool_id))::INT
  INTO of_target, of_pool
  FROM async.target t
  CROSS JOIN async.concurrency_pool p
  LEFT JOIN (SELECT x.target_id, x.pool_id FROM unnest(_slots) x WHERE x.state IN ('busy', 'ended', 'watched')
             UNION ALL SELECT o.target_id, o.pool_id FROM async.offer o) b ON true
  WHERE t.target_id = _target_id AND p.pool_id = _pool_id
  GROUP BY t.target_id, p.pool_id;
END;
$$;
COMMENT ON FUNCTION async.count_free_places(async.slot_t[], INT, INT) IS
  'Engine: how many more tasks may be offered to workers outside the database';
