CREATE OR REPLACE FUNCTION async.take_in(_s async.loop_t, _requests async.request[]) RETURNS async.loop_t
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Carries out requests: those of extensions through their hooks, then those of the engine one by one. A request that
 * fails is logged and dropped, and touches no other, unless nobody is to blame: then all of them are taken in again.
 *
 * _s: state of the orchestrator, returned as it is then; _requests: in their order.
 * Errors: those of a request that async.is_passing() knows.
 * Writes async.log_entry, and what they ask for.
 */
#variable_conflict error
DECLARE
  request async.request;
BEGIN
  IF cardinality(_requests) > 0 THEN
    _s.worked := true;
    PERFORM async.deliver_requests(_requests);
    FOREACH request IN ARRAY _requests LOOP
      CONTINUE WHEN request.kind NOT LIKE 'async.%';
      BEGIN
        CASE request.kind
          WHEN 'async.push' THEN PERFORM async.take_in_push(request);
          WHEN 'async.finish' THEN _s := async.take_in_finish(_s, request.payload);
          WHEN 'async.restart' THEN PERFORM async.take_in_restart(request.payload);
          WHEN 'async.interrupt' THEN _s := async.interrupt_owned(_s, request.payload);
          WHEN 'async.stop' THEN _s.stopping := _s.stopping OR request.requested > _s.started;
          ELSE PERFORM async.log('WARNING', format('unknown request %s', request.kind));
        END CASE;
      EXCEPTION WHEN OTHERS THEN
        IF async.is_passing(SQLSTATE) THEN
          RAISE;
        END IF;
        PERFORM async.log('ERROR', format('request %s %s failed: %s', request.kind, request.payload, SQLERRM));
      END;
    END LOOP;
  END IF;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_in(async.loop_t, async.request[]) IS 'Engine: carries out requests';
