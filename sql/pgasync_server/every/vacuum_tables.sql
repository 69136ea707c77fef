CREATE OR REPLACE FUNCTION async.vacuum_tables(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Has the tables vacuumed from which this session has removed many rows, in another session and without waiting for
 * it. Autovacuum would not come: PostgreSQL adds up what a session has done in tables when it is idle, and this one
 * never is. Like autovacuum it takes its time, and comes when a fifth of a table is to be cleared away.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads pg_stat_xact_user_tables; writes async.log_entry.
 */
#variable_conflict error
DECLARE
  worn RECORD;
BEGIN
  IF 'pgflow_vacuum' = ANY(async.dblink_connections()) AND async.is_busy('pgflow_vacuum') THEN
    RETURN _s;
  END IF;
  PERFORM async.hang_up('pgflow_vacuum');
  SELECT string_agg(w.relid::REGCLASS::TEXT, ', ') AS tables, jsonb_object_agg(w.relid, w.removed) AS counts INTO worn
  FROM (SELECT t.relid, t.n_tup_del + t.n_tup_upd AS removed FROM pg_stat_xact_user_tables t) w
  JOIN pg_class c ON c.oid = w.relid AND c.relpersistence <> 't'
  WHERE w.removed - coalesce((_s.vacuumed->>(w.relid::TEXT))::BIGINT, 0) > greatest(1000, 0.2 * c.reltuples);
  IF worn.tables IS NOT NULL THEN
    _s.vacuumed := _s.vacuumed || worn.counts;
    PERFORM async.dblink_connect(
      'pgflow_vacuum', async.build_conninfo(async.build_self_conninfo(), NULL, 'pgflow vacuum', true));
    PERFORM FROM async.dblink_query('pgflow_vacuum', $query$SELECT pg_catalog.set_config('vacuum_cost_delay', '2', false)$query$);
    -- lint: allow dynamic_sql: names of tables, quoted by their type
    PERFORM async.dblink_send('pgflow_vacuum', 'VACUUM ' || worn.tables);
  END IF;
  RETURN _s;
EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
  PERFORM async.hang_up('pgflow_vacuum');
  PERFORM async.log('WARNING', format('tables are not vacuumed: %s', SQLERRM));
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.vacuum_tables(async.loop_t) IS 'Engine: has tables vacuumed from which it has removed much';
