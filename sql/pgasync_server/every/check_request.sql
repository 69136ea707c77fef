CREATE OR REPLACE FUNCTION async.check_request(_request async.request) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Refuses requests that make no sense while the caller can still be told; those of another extension by its hook.
 * Called by async.add_request() on a server: a trigger would keep this extension from being dropped, the table being
 * another's.
 *
 * _request: what is about to be asked; its kind and payload count.
 * Errors: those of async.check_finish(), async.check_restart() and of the hooks.
 * Reads async.hook.
 */
#variable_conflict error
DECLARE
  checker TEXT;
BEGIN
  IF _request.kind = 'async.finish' THEN
    PERFORM async.check_finish(_request.payload);
  ELSIF _request.kind = 'async.restart' THEN
    PERFORM async.check_restart(_request.payload);
  ELSIF _request.kind NOT LIKE 'async.%' THEN
    SELECT h.check_request INTO checker FROM async.hook h WHERE h.owner = split_part(_request.kind, '.', 1);
    IF checker IS NOT NULL THEN
      EXECUTE format('SELECT %s($1)', checker::REGPROC) USING _request;
    END IF;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_request(async.request) IS 'Engine: refuses requests that make no sense';
