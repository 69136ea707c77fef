CREATE OR REPLACE FUNCTION async.deliver_requests(_requests async.request[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hands requests of extensions to their hooks: all of one owner at once, and when that fails, one by one, so that a
 * bad one is logged and dropped alone. Where nobody is to blame the error is raised: they stay to be taken in again.
 *
 * _requests: in their order; those of the engine itself are passed over.
 * Errors: those of the hooks that async.is_passing() knows.
 * Writes async.log_entry, and what the hooks do.
 */
#variable_conflict error
DECLARE
  hook RECORD;
  request async.request;
BEGIN
  -- a call for each owner
  FOR hook IN
    SELECT h.on_requests AS routine, array_agg(r.request ORDER BY r.n) AS requests
    FROM async.hook h
    JOIN (SELECT ROW(u.request_id, u.xid, u.kind, u.payload, u.items, u.requested)::async.request AS request,
                 u.kind, u.n
          FROM unnest(_requests) WITH ORDINALITY u(request_id, xid, kind, payload, items, requested, n)) r
      ON split_part(r.kind, '.', 1) = h.owner
    GROUP BY h.owner
  LOOP
    BEGIN
      EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING hook.requests;
    EXCEPTION WHEN OTHERS THEN
      IF async.is_passing(SQLSTATE) THEN
        RAISE;
      END IF;
      FOREACH request IN ARRAY hook.requests LOOP
        BEGIN
          EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING ARRAY[request];
        EXCEPTION WHEN OTHERS THEN
          IF async.is_passing(SQLSTATE) THEN
            RAISE;
          END IF;
          PERFORM async.log('ERROR', format('request %s %s failed: %s', request.kind, request.payload, SQLERRM));
        END;
      END LOOP;
    END;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.deliver_requests(async.request[]) IS
  'Engine: hands requests of other extensions to their hooks';
