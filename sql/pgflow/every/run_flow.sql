CREATE OR REPLACE FUNCTION flow.run_flow(
  _flow TEXT,
  _arguments JSONB,
  _only_these_nodes TEXT[] DEFAULT NULL,
  _add_parents BOOL DEFAULT false,
  _add_children BOOL DEFAULT false,
  _parent_task_id BIGINT DEFAULT NULL,
  flow_id OUT BIGINT,
  _priority INT DEFAULT 0) RETURNS BIGINT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Starts a run of a configured flow and returns its id. On a server it starts when the caller commits; on a client it
 * is asked of the server over async.server() and starts at once.
 *
 * _flow: name of the flow.
 * _arguments: every callback gets them.
 * _only_these_nodes: names of the nodes to run, the others are SKIPPED; null: all. They count as finished, and what comes
 *   after them still waits for what comes before them.
 * _add_parents, _add_children: run all ancestors, all descendants of these nodes, too.
 * _parent_task_id: not run in this version.
 * _priority: added to those of the nodes; lower runs first.
 * Errors: PF001 unknown flow, PF003 unknown nodes, 0A000 what this version does not run; PF008 on a client without a server.
 * Writes, on a server: flow.run, flow.open_run, flow.arguments, async.request.
 */
#variable_conflict error
BEGIN
  IF to_regclass('flow.run') IS NULL THEN
    SELECT a::BIGINT INTO flow_id FROM async.ask_server(format(
      'SELECT flow.run_flow(%L, %L, %L, %L, %L, %L, _priority => %L)',
      _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id, _priority)) a;
  ELSE
    flow_id := flow.create_run(
      _flow, _arguments, _only_these_nodes, _add_parents, _add_children, _parent_task_id, _priority);
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.run_flow(TEXT, JSONB, TEXT[], BOOL, BOOL, BIGINT, INT) IS 'Starts a run of a flow';
