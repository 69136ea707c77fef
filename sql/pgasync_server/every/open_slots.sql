CREATE OR REPLACE FUNCTION async.open_slots(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Opens connections, a few a cycle, to targets with waiting tasks and no idle slot, up to their max_concurrency; to
 * another server only within 5 s of having seen it answer. Trouble costs that target only.
 */
DECLARE
  wanting RECORD;
BEGIN
  FOR wanting IN
    SELECT t.n::INT, t.is_self,
           least(t.max_concurrency - count(x.slot_no), _s.workers - (SELECT count(*) FROM unnest(_s.slots) y WHERE y.state <> 'idle'),
                 CASE WHEN t.is_self THEN 4 ELSE 2 END) AS missing
    FROM (SELECT u.*, row_number() OVER () AS n FROM unnest(_s.targets) u) t
    LEFT JOIN unnest(_s.slots) x ON x.target_id = t.target_id
    WHERE t.state = 'up' AND (t.is_self OR t.probed > clock_timestamp() - INTERVAL '5 s')
      AND (EXISTS (SELECT FROM unnest(_s.lanes) l WHERE l.target_id = t.target_id AND NOT l.empty)
           OR t.is_self AND NOT EXISTS (SELECT FROM unnest(_s.slots) x WHERE x.target_id = t.target_id))
    GROUP BY t.n, t.is_self, t.max_concurrency
    HAVING count(x.slot_no) < t.max_concurrency AND count(*) FILTER (WHERE x.state = 'idle') = 0
  LOOP
    BEGIN
      FOR i IN 1..wanting.missing LOOP
        _s.slots := _s.slots || async.open_slot(_s, (_s.targets)[wanting.n]);
        _s.worked := true;
      END LOOP;
    EXCEPTION WHEN OTHERS THEN
      _s := async.refuse_slots(_s, wanting.n, SQLERRM);
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.open_slots(async.loop_t) IS 'Engine: opens connections where tasks wait';
