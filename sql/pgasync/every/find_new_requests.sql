CREATE OR REPLACE FUNCTION async.find_new_requests(_since TXID_SNAPSHOT) RETURNS SETOF async.request
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The requests that the caller's snapshot sees and an earlier one did not, in the order in which each transaction
 * wrote them. What the earlier one saw is never looked at again, however long a transaction stays open.
 *
 * _since: the earlier snapshot; null: all requests.
 * Reads async.request.
 */
#variable_conflict error
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
COMMENT ON FUNCTION async.find_new_requests(TXID_SNAPSHOT) IS 'Engine: requests committed since a snapshot';
