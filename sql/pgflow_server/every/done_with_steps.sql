CREATE OR REPLACE FUNCTION flow.done_with_steps(_nodes flow.change_t[]) RETURNS flow.change_t[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* Of these nodes, those whose last step has ended after their routine, with the state in which they end. */
BEGIN
  RETURN (
  SELECT coalesce(array_agg(DISTINCT ROW(s.flow_id, s.node_no, coalesce(s.verdict, 'FINISHED'), s.error)::flow.change_t), '{}')
  FROM unnest(_nodes) c
  CROSS JOIN LATERAL flow.latest_state(c.flow_id, c.node_no) s
  WHERE s.state = 'RUNNING_STEPS' AND s.unfinished = 0);
END;
$$;
COMMENT ON FUNCTION flow.done_with_steps(flow.change_t[]) IS 'Engine: nodes whose last step has ended';
