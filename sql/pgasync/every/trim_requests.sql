CREATE OR REPLACE FUNCTION async.trim_requests(_since TXID_SNAPSHOT, _limit INT DEFAULT 5000) RETURNS BOOL
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes requests that have been taken in: all at once by TRUNCATE when nobody has the table open and nothing else
 * is in it, otherwise some of them. Never waits.
 *
 * _since: the snapshot that has seen what may go; null removes nothing; _limit: most rows to remove one by one.
 * Returns whether it removed anything.
 * Writes async.request; locks it ACCESS EXCLUSIVE for an instant, NOWAIT.
 */
#variable_conflict error
DECLARE
  removed BIGINT;
BEGIN
  IF _since IS NULL OR NOT EXISTS (SELECT FROM async.request) THEN
    RETURN false;
  END IF;
  BEGIN
    LOCK TABLE async.request IN ACCESS EXCLUSIVE MODE NOWAIT;
    IF NOT EXISTS (SELECT FROM async.request r WHERE NOT txid_visible_in_snapshot(r.xid, _since)) THEN
      TRUNCATE async.request;
      RETURN true;
    END IF;
  EXCEPTION WHEN lock_not_available THEN NULL;
  END;
  DELETE FROM async.request r
  WHERE r.ctid = ANY(ARRAY(
    SELECT q.ctid FROM async.request q WHERE q.xid < txid_snapshot_xmin(_since) ORDER BY q.xid LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed > 0;
END;
$$;
COMMENT ON FUNCTION async.trim_requests(TXID_SNAPSHOT, INT) IS 'Engine: removes requests that have been taken in';
