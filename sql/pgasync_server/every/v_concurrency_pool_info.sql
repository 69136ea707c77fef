CREATE OR REPLACE VIEW async.v_concurrency_pool_info AS
SELECT p.concurrency_pool, p.max_workers,
  count(b.batch_id) + (SELECT count(*) FROM async.offer o WHERE o.pool_id = p.pool_id) AS workers_busy
FROM async.concurrency_pool p
LEFT JOIN async.lane l ON l.pool_id = p.pool_id AND EXISTS (SELECT FROM async.open_lane o WHERE o.lane_id = l.lane_id)
LEFT JOIN async.batch b ON b.lane_id = l.lane_id
GROUP BY p.pool_id;
COMMENT ON VIEW async.v_concurrency_pool_info IS 'Concurrency pools and how much of them is taken';
COMMENT ON COLUMN async.v_concurrency_pool_info.concurrency_pool IS 'Name of the pool; that of a target is called like it';
COMMENT ON COLUMN async.v_concurrency_pool_info.max_workers IS 'Most tasks of the pool that run at once';
COMMENT ON COLUMN async.v_concurrency_pool_info.workers_busy IS 'Sessions that run tasks of the pool now';
