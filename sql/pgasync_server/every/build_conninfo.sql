CREATE OR REPLACE FUNCTION async.build_conninfo(_conninfo TEXT, _version INT, _name TEXT, _control BOOL)
RETURNS TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A connection string with what the engine needs of its sessions. As connection options these outlive RESET ALL and
 * take precedence over settings of the role. client_min_messages = error lets a callback go on when the orchestrator
 * is gone: a NOTICE to a dead socket would end it. Options that are configured come first, so that ours win.
 *
 * _conninfo: what is configured, a conninfo or the name of a foreign server; _version: server_version_num of the target,
 * or null; _name: application_name; _control: for a control connection, which must wait for no lock.
 * Errors: as async.resolve_connection().
 */
SELECT concat_ws(' ',
  r.conninfo,
  'connect_timeout=3 keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3',
  CASE WHEN current_setting('server_version_num')::INT >= 120000 THEN 'tcp_user_timeout=30000' END,
  'application_name=' || async.quote_conninfo_value(_name),
  'options=' || async.quote_conninfo_value(concat_ws(' ',
    (SELECT string_agg(p.setting, ' ' ORDER BY p.n) FROM async.parse_conninfo(r.conninfo) p WHERE p.keyword = 'options'),
    '-c client_min_messages=error -c statement_timeout=0 -c idle_in_transaction_session_timeout=0',
    '-c synchronous_commit=on -c pgflow.engine=on',
    CASE WHEN _control THEN
      '-c lock_timeout=500 -c default_transaction_isolation=read\ committed -c search_path=pg_catalog '
      '-c enable_seqscan=off -c jit=off'
    ELSE '-c lock_timeout=0' END,
    CASE WHEN _version >= 140000 THEN '-c idle_session_timeout=0 -c client_connection_check_interval=0' END,
    CASE WHEN _version >= 170000 THEN '-c transaction_timeout=0' END)))
FROM (SELECT async.resolve_connection(_conninfo) AS conninfo) r;
$$;
COMMENT ON FUNCTION async.build_conninfo(TEXT, INT, TEXT, BOOL) IS
  'Engine: a connection string with the engine''s settings';
