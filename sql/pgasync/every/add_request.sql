CREATE OR REPLACE FUNCTION async.add_request(_kind TEXT, _payload JSONB, _items JSONB[] DEFAULT NULL)
RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Asks something of the orchestrator: in the caller's transaction, in this database's own table of requests, except
 * on a client that knows its server, outside of any task: there it goes to the server directly and commits at once.
 *
 * _kind: what is asked, 'async.…' or that of an extension; _payload: its arguments; _items: a long list belonging to
 * it.
 * Errors: on a server those of what is asked; on a client those of async.ask_server().
 * Writes async.request.
 */
#variable_conflict error
DECLARE
  on_server CONSTANT BOOL := to_regclass('async.task') IS NOT NULL;
BEGIN
  IF NOT on_server AND coalesce(current_setting('pgflow.engine', true), '') = '' AND async.server() IS NOT NULL THEN
    PERFORM async.ask_server(format('SELECT async.add_request(%L, %L, %L)', _kind, _payload, _items));
    RETURN;
  END IF;
  IF on_server THEN
    PERFORM async.check_request(
      ROW(NULL, NULL, _kind, _payload, NULL, clock_timestamp())::async.request);
  END IF;
  INSERT INTO async.request(kind, payload, items) VALUES (_kind, _payload, _items);
END;
$$;
COMMENT ON FUNCTION async.add_request(TEXT, JSONB, JSONB[]) IS 'Engine: asks something of the orchestrator';
