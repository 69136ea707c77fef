CREATE OR REPLACE FUNCTION async.nothing_new(_s async.loop_t) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS
$$
/*
 * Whether a cycle would find nothing to do: cheap enough to ask a hundred times a second on an idle server. Nothing runs or
 * waits, nothing was asked or configured, nothing is due.
 */
BEGIN
  RETURN _s.next_maintenance > clock_timestamp()
    AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid >= txid_snapshot_xmax(_s.snapshot))
    AND NOT EXISTS (SELECT FROM async.request r WHERE r.xid IN (SELECT txid_snapshot_xip(_s.snapshot)))
    AND (SELECT c.configuration_version = _s.configuration FROM async.control c)
    AND NOT EXISTS (SELECT FROM async.delayed d WHERE d.due <= clock_timestamp());
END;
$$;
COMMENT ON FUNCTION async.nothing_new(async.loop_t) IS 'Engine: whether a cycle would find nothing to do';
