CREATE OR REPLACE FUNCTION flow.check_request() RETURNS TRIGGER LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Trigger on async.request: refuses requests that name a run or node that is not there or has ended, while the caller can
 * still be told. Errors: PF002, PF003, PF005. Reads flow.run, flow.open_run, flow.definition_node.
 */
DECLARE
  wanted BIGINT := (NEW.payload->>'flow_id')::BIGINT;
BEGIN
  IF NOT EXISTS (SELECT FROM flow.run r WHERE r.flow_id = wanted) THEN
    RAISE EXCEPTION 'unknown run %', coalesce(wanted::TEXT, 'null') USING ERRCODE = 'PF002';
  ELSIF NEW.kind = 'flow.push' AND NOT EXISTS (
    SELECT FROM flow.run r JOIN flow.definition_node n ON n.definition_id = r.definition_id
    WHERE r.flow_id = wanted AND n.node = NEW.payload->>'node') THEN
    RAISE EXCEPTION 'unknown node "%" in run %', NEW.payload->>'node', wanted USING ERRCODE = 'PF003';
  ELSIF NOT EXISTS (SELECT FROM flow.open_run o WHERE o.flow_id = wanted) THEN
    RAISE EXCEPTION 'run % has ended', wanted USING ERRCODE = 'PF005';
  END IF;
  RETURN NEW;
END;
$$;
COMMENT ON FUNCTION flow.check_request() IS 'Engine: refuses requests about runs and nodes that are not there';
DROP TRIGGER IF EXISTS check_flow_request ON async.request;
CREATE TRIGGER check_flow_request BEFORE INSERT ON async.request
FOR EACH ROW WHEN (NEW.kind LIKE 'flow.%') EXECUTE FUNCTION flow.check_request();
