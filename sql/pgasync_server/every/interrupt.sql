CREATE OR REPLACE FUNCTION async.interrupt(_s async.loop_t, _task_ids BIGINT[], _status TEXT, _message TEXT)
RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Ends running tasks unless they commit first: notes the verdict, then has the target revoke them and cancel the one
 * that its session is at.
 *
 * _s: state of the orchestrator, returned as it is then; _task_ids: the tasks; _status, _message: how they are to
 * end, and why.
 * Writes async.doom.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  hit BIGINT[];
BEGIN
  IF cardinality(_task_ids) > 0 THEN
    INSERT INTO async.doom(task_id, status, message)
    SELECT u, _status, _message FROM unnest(_task_ids) u
    ON CONFLICT (task_id) DO NOTHING;
    FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
      hit := ARRAY(SELECT u FROM unnest(slots[i].remaining) u WHERE u = ANY(_task_ids));
      IF slots[i].state IN ('busy', 'watched') AND cardinality(hit) > 0 THEN
        _s := async.order_revocation(_s, i, hit, (slots[i]).remaining[1] = ANY(hit));
      END IF;
    END LOOP;
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.interrupt(async.loop_t, BIGINT[], TEXT, TEXT) IS
  'Engine: ends running tasks unless they commit first';
