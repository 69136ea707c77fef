CREATE OR REPLACE FUNCTION flow.handle_requests(_requests async.request[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: carries out requests of kind flow.run, flow.restart, flow.push and flow.cancel, each kind all
 * at once, in that order.
 *
 * _requests: the requests.
 * Writes what flow.begin_runs(), flow.begin_restarts(), flow.take_in_steps() and flow.cancel_runs() do.
 */
#variable_conflict error
BEGIN
  PERFORM flow.begin_runs(ARRAY(
    SELECT (r.payload->>'flow_id')::BIGINT FROM unnest(_requests) r WHERE r.kind = 'flow.run'));
  PERFORM flow.begin_restarts(ARRAY(
    SELECT (r.payload->>'flow_id')::BIGINT FROM unnest(_requests) r WHERE r.kind = 'flow.restart'));
  PERFORM flow.take_in_steps(ARRAY(SELECT r FROM unnest(_requests) r WHERE r.kind = 'flow.push'));
  PERFORM flow.cancel_runs(ARRAY(
    SELECT DISTINCT (r.payload->>'flow_id')::BIGINT FROM unnest(_requests) r WHERE r.kind = 'flow.cancel'));
END;
$$;
COMMENT ON FUNCTION flow.handle_requests(async.request[]) IS 'Engine: hook for requests';
