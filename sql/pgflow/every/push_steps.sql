CREATE OR REPLACE PROCEDURE flow.push_steps(
  _flow_id BIGINT,
  _node TEXT,
  _arguments JSONB[],
  _flush_transaction_when_client BOOL DEFAULT true) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds steps to a node of a run; those that it has already are passed over, those of a node that has not begun wait for
 * it. Takes effect with the caller's transaction.
 *
 * _flow_id, _node: the run and its node.
 * _arguments: a step each.
 * _flush_transaction_when_client: accepted, and does nothing, since this never commits by itself.
 * Errors, on a server: PF002 unknown run, PF003 unknown node, PF005 a run that has ended.
 * Writes async.request, up to 500 steps a row.
 */
#variable_conflict error
BEGIN
  FOR place IN 1..coalesce(cardinality(_arguments), 0) BY 500 LOOP
    PERFORM async.add_request(
      'flow.push', jsonb_build_object('flow_id', _flow_id, 'node', _node),
      _arguments[array_lower(_arguments, 1) + place - 1 : array_lower(_arguments, 1) + place + 498]);
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE flow.push_steps(BIGINT, TEXT, JSONB[], BOOL) IS 'Adds steps to a node of a run';
