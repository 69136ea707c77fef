CREATE OR REPLACE FUNCTION async.trim_requests(
  _since TXID_SNAPSHOT,
  _trimmed TXID_SNAPSHOT DEFAULT NULL,
  _limit INT DEFAULT 5000) RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes requests that have been taken in: all at once by TRUNCATE when nobody has the table open and nothing else
 * is in it, otherwise some of them. Never waits, and does not pass again over what was removed before, which a
 * transaction that stays open keeps in the table.
 *
 * _since: the snapshot that has seen what may go; null removes nothing; _trimmed: what an earlier snapshot has seen
 * is gone already; _limit: most rows to remove one by one.
 * Returns whether all of it is gone.
 * Writes async.request; locks it ACCESS EXCLUSIVE for an instant, NOWAIT.
 */
#variable_conflict error
DECLARE
  old TID[] := ARRAY(
    SELECT q.ctid FROM async.request q
    WHERE q.xid >= coalesce(txid_snapshot_xmax(_trimmed), 0) AND txid_visible_in_snapshot(q.xid, _since)
    ORDER BY q.xid LIMIT _limit);
BEGIN
  old := old || ARRAY(
    SELECT q.ctid FROM async.request q
    WHERE q.xid IN (SELECT txid_snapshot_xip(_trimmed)) AND txid_visible_in_snapshot(q.xid, _since)
    ORDER BY q.xid LIMIT _limit);
  IF cardinality(old) = 0 THEN
    RETURN true;
  END IF;
  BEGIN
    LOCK TABLE async.request IN ACCESS EXCLUSIVE MODE NOWAIT;
    IF NOT EXISTS (SELECT FROM async.request r WHERE r.xid >= txid_snapshot_xmax(_since))
       AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid IN (SELECT txid_snapshot_xip(_since))) THEN
      TRUNCATE async.request;
      RETURN true;
    END IF;
  EXCEPTION WHEN lock_not_available THEN NULL;
  END;
  DELETE FROM async.request r WHERE r.ctid = ANY(old);
  RETURN cardinality(old) < _limit;
END;
$$;
COMMENT ON FUNCTION async.trim_requests(TXID_SNAPSHOT, TXID_SNAPSHOT, INT) IS
  'Engine: removes requests that have been taken in';
