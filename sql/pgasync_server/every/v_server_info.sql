CREATE OR REPLACE VIEW async.v_server_info AS
SELECT
  i.server,
  async.find_orchestrator_pid() AS pid,
  async.find_orchestrator_pid() IS NOT NULL AS running,
  c.paused,
  e.epoch,
  e.started,
  (SELECT count(*) FROM async.batch b) AS batches_running
FROM async.control c
LEFT JOIN async.identity i ON true
LEFT JOIN LATERAL (SELECT n.* FROM async.epoch n ORDER BY n.epoch DESC LIMIT 1) e ON true;
COMMENT ON VIEW async.v_server_info IS 'The server: its identity, and the orchestrator that runs now or ran last';
