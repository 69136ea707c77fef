CREATE OR REPLACE FUNCTION flow.check_request(_request async.request) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: refuses requests that name a run or node that is not there or has ended, while the caller can
 * still be told.
 *
 * _request: the request, of kind flow.run, flow.restart, flow.push or flow.cancel.
 * Errors: PF002, PF003, PF005.
 */
#variable_conflict error
DECLARE
  wanted BIGINT := (_request.payload->>'flow_id')::BIGINT;
BEGIN
  IF NOT EXISTS (SELECT FROM flow.run r WHERE r.flow_id = wanted) THEN
    RAISE EXCEPTION 'unknown run %', coalesce(wanted::TEXT, 'null') USING ERRCODE = 'PF002';
  ELSIF _request.kind = 'flow.push' AND NOT EXISTS (
    SELECT FROM flow.run r JOIN flow.definition_node n ON n.definition_id = r.definition_id
    WHERE r.flow_id = wanted AND n.node = _request.payload->>'node') THEN
    RAISE EXCEPTION 'unknown node "%" in run %', _request.payload->>'node', wanted USING ERRCODE = 'PF003';
  ELSIF NOT EXISTS (SELECT FROM flow.open_run o WHERE o.flow_id = wanted) THEN
    RAISE EXCEPTION 'run % has ended', wanted USING ERRCODE = 'PF005';
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.check_request(async.request) IS
  'Engine: refuses requests about runs and nodes that are not there';
