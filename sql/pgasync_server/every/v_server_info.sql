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
COMMENT ON COLUMN async.v_server_info.server IS
  'Identity of this server, which its targets know it by; null: no orchestrator has run yet';
COMMENT ON COLUMN async.v_server_info.pid IS 'Process id of the orchestrator that runs now; null: none does';
COMMENT ON COLUMN async.v_server_info.running IS 'Whether an orchestrator runs now';
COMMENT ON COLUMN async.v_server_info.paused IS 'async.pause() holds it: nothing new is started';
COMMENT ON COLUMN async.v_server_info.epoch IS
  'Number of the orchestrator that runs now or ran last; each has a greater one';
COMMENT ON COLUMN async.v_server_info.started IS 'When that orchestrator began';
COMMENT ON COLUMN async.v_server_info.batches_running IS 'Messages that sessions work on, over all targets';
