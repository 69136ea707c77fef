CREATE OR REPLACE FUNCTION flow.restart_flow(_flow_id BIGINT, _node TEXT DEFAULT NULL, _failed_only BOOL DEFAULT false)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs a run that has ended again, under the same flow_id: whole, from one node down, or only what failed and what hung
 * on it. On a server it starts when the caller commits; on a client it is asked of the server over async.server() and
 * starts at once.
 *
 * _flow_id: the run.
 * _node: run this node and all its descendants again; null: all nodes.
 * _failed_only: of those, only nodes that ended FAILED, TIMED_OUT, CANCELED or DOA, with their descendants. Of the failed
 *   ones, what has finished stays as it is: a routine that did is not called again, steps that did are not run again.
 * Errors: PF001 its flow has been dropped, PF002 unknown run, PF003 unknown node, PF005 a run that has not ended or is being
 *   removed, a node that was skipped or cannot run, nothing that failed; PF008 on a client without a server.
 * Writes, on a server, what flow.restart_run() does.
 */
#variable_conflict error
BEGIN
  IF to_regclass('flow.run') IS NULL THEN
    PERFORM async.ask_server(format('SELECT flow.restart_flow(%L, %L, %L)', _flow_id, _node, _failed_only));
  ELSE
    PERFORM flow.restart_run(_flow_id, _node, coalesce(_failed_only, false));
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.restart_flow(BIGINT, TEXT, BOOL) IS
  'Runs a run that has ended again: whole, from one node down, or only what failed';
