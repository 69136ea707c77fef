CREATE OR REPLACE FUNCTION async.has_nothing_new(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * Tells whether a cycle would find nothing to do: cheap enough to ask a hundred times a second on an idle server.
 * Nothing was asked or configured, nothing is due.
 *
 * _s: state of the orchestrator.
 * Reads async.request, async.control, async.delayed, async.offer.
 */
#variable_conflict error
BEGIN
  RETURN _s.next_maintenance > clock_timestamp()
    AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid >= txid_snapshot_xmax(_s.snapshot))
    AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid IN (SELECT txid_snapshot_xip(_s.snapshot)))
    AND (SELECT c.configuration_version = _s.configuration FROM async.control c)
    AND NOT EXISTS (SELECT FROM async.delayed d WHERE d.due >= _s.due_from AND d.due <= clock_timestamp())
    AND (NOT _s.outside OR NOT EXISTS (SELECT FROM async.offer o WHERE o.times_up <= clock_timestamp()));
END;
$$;
COMMENT ON FUNCTION async.has_nothing_new(async.loop_t) IS 'Engine: whether a cycle would find nothing to do';
