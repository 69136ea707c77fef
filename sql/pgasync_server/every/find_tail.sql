CREATE OR REPLACE FUNCTION async.find_tail(_grep TEXT, _limit INT) RETURNS TIMESTAMPTZ LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Since when the last entries of the log were written; now, if there are none.
 *
 * _grep: as async.tail() got it; _limit: how many entries.
 * Reads async.log_entry.
 */
SELECT coalesce(min(t.logged), clock_timestamp())
FROM (
  SELECT e.logged FROM async.log_entry e
  WHERE _grep IS NULL OR concat_ws(' ', e.level, e.message) ~* _grep
  ORDER BY e.logged DESC LIMIT _limit) t;
$$;
COMMENT ON FUNCTION async.find_tail(TEXT, INT) IS 'Engine: where async.tail() begins';
