CREATE OR REPLACE FUNCTION async.build_exchange(_s async.loop_t, _target async.target_state_t) RETURNS JSONB
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The message of the next exchange with a target, as async.attend() takes it. In it, settle is for the sender's own
 * use: batches that have ended, so that what the answer says of them is final. since is what an earlier cycle has
 * committed; requests of this database are none of the exchange's business.
 *
 * _s: state of the orchestrator; _target: the target.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT jsonb_build_object(
        'server', _s.server,
        'since', _target.snapshot,
        'requests', NOT _target.at_home,
        'revoke', coalesce(_target.revocations, '[]'),
        'terminate', coalesce(jsonb_agg(jsonb_build_array(x.pid, x.backend_start)) FILTER (WHERE x.terminate), '[]'),
        'sessions', coalesce(jsonb_agg(x.pid) FILTER (WHERE x.state = 'watched' AND NOT x.gone), '[]'),
        'flush', coalesce(bool_or(_s.unflushed OR x.state = 'watched'), false),
        'receipts', jsonb_build_object(
          'epochs', coalesce(jsonb_agg(x.epoch), '[]'), 'batch_ids', coalesce(jsonb_agg(x.batch_id), '[]')),
        'settle', coalesce(jsonb_agg(x.batch_id) FILTER (WHERE x.state = 'ended' OR x.gone), '[]'))
      || CASE WHEN _target.ring_tasks >= 50000 THEN jsonb_build_object('rotate', jsonb_build_object(
           'ring', 1 - _target.ring,
           'newest', (SELECT q.last_value FROM async.batch_id_seq q),
           'open', (SELECT coalesce(jsonb_agg(o.batch_id), '[]') FROM unnest(_s.slots) o WHERE o.batch_id IS NOT NULL)))
         ELSE '{}' END
    FROM unnest(_s.slots) x
    WHERE x.target_id = _target.target_id AND x.batch_id IS NOT NULL
      AND (x.state <> 'busy' OR x.terminate OR x.revoking OR x.sent < clock_timestamp() - INTERVAL '50 ms'));
END;
$$;
COMMENT ON FUNCTION async.build_exchange(async.loop_t, async.target_state_t) IS 'Engine: what to ask a target next';
