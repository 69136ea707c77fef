CREATE OR REPLACE PROCEDURE flow.push_steps(
  _flow_id BIGINT,
  _node TEXT,
  _arguments JSONB[],
  _flush_transaction_when_client BOOL DEFAULT TRUE) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds steps to a node of a run; those that it has already are passed over. Takes effect with the caller's transaction: it
 * never commits by itself, so _flush_transaction_when_client is accepted and does nothing. Steps of a node that has not
 * begun wait for it.
 * Errors, on a server: PF002 unknown run, PF003 unknown node, PF005 a run or node that has ended. Writes async.request,
 * up to 500 steps a row.
 */
BEGIN
  FOR place IN 1..coalesce(cardinality(_arguments), 0) BY 500 LOOP
    PERFORM async.add_request(
      'flow.push', jsonb_build_object('flow_id', _flow_id, 'node', _node),
      _arguments[array_lower(_arguments, 1) + place - 1 : array_lower(_arguments, 1) + place + 498]);
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE flow.push_steps(BIGINT, TEXT, JSONB[], BOOL) IS 'Adds steps to a node of a run';
