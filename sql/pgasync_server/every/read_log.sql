CREATE OR REPLACE FUNCTION async.read_log(
  _since TIMESTAMPTZ,
  _grep TEXT,
  _shown TEXT[],
  OUT places TEXT[],
  OUT lines TEXT[]) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What async.tail() shows next.
 *
 * _since: from when on to look; _grep: as async.tail() got it; _shown: places that it has shown.
 * Returns the places of all entries since then, and the text of those that have not been shown.
 * Reads async.log_entry.
 */
SELECT coalesce(array_agg(e.ctid::TEXT), '{}'),
       coalesce(array_agg(concat_ws(' ', to_char(e.logged, 'YYYY-MM-DD HH24:MI:SS.MS TZ'), e.level, e.message) ORDER BY e.logged)
                  FILTER (WHERE NOT e.ctid::TEXT = ANY(_shown)), '{}')
FROM async.log_entry e
WHERE e.logged >= _since AND (_grep IS NULL OR concat_ws(' ', e.level, e.message) ~* _grep);
$$;
COMMENT ON FUNCTION async.read_log(TIMESTAMPTZ, TEXT, TEXT[]) IS 'Engine: what async.tail() shows next';
