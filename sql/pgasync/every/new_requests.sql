CREATE OR REPLACE FUNCTION async.new_requests(_since TXID_SNAPSHOT) RETURNS SETOF async.request LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The requests that the caller's snapshot sees and _since did not (all of them when it is null), in the order in which
 * each transaction wrote them. What _since saw is never looked at again, however long a transaction stays open.
 */
BEGIN
  RETURN QUERY
  SELECT r.*
  FROM
  (
    SELECT q.* FROM async.request q WHERE q.xid >= coalesce(txid_snapshot_xmax(_since), 0)
    UNION ALL
    SELECT q.* FROM async.request q WHERE q.xid IN (SELECT txid_snapshot_xip(_since))
  ) r
  ORDER BY r.request_id;
END;
$$;
COMMENT ON FUNCTION async.new_requests(TXID_SNAPSHOT) IS 'Engine: requests committed since a snapshot';
