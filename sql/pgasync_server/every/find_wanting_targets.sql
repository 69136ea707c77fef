CREATE OR REPLACE FUNCTION async.find_wanting_targets(_s async.loop_t) RETURNS TABLE (n INT, missing INT)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Targets that want another connection, and how many at once: where tasks wait and no slot is idle or being opened.
 * This database has one at any time, so that the first task of a run need not wait for it.
 *
 * _s: state of the orchestrator.
 * Returns n, an index into _s.targets, and how many are missing.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  SELECT t.n::INT,
         least(t.max_concurrency - count(x.slot_no),
               _s.workers - (SELECT count(*) FROM unnest(_s.slots) y WHERE y.state <> 'idle'),
               CASE WHEN t.is_self THEN 4 ELSE 1 END)::INT
  FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.targets) u) t
  LEFT JOIN unnest(_s.slots) x ON x.target_id = t.target_id
  WHERE t.state = 'up' AND coalesce(t.full_until, '-infinity') < clock_timestamp()
    AND (EXISTS (SELECT FROM unnest(_s.lanes) l WHERE l.target_id = t.target_id AND NOT l.empty AND NOT l.outside)
         OR t.is_self AND NOT EXISTS (SELECT FROM unnest(_s.slots) o WHERE o.target_id = t.target_id))
  GROUP BY t.n, t.is_self, t.max_concurrency
  HAVING count(x.slot_no) < t.max_concurrency AND count(*) FILTER (WHERE x.state IN ('idle', 'opening')) = 0;
END;
$$;
COMMENT ON FUNCTION async.find_wanting_targets(async.loop_t) IS 'Engine: targets that want another connection';
