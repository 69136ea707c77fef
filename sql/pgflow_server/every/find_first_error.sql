CREATE OR REPLACE FUNCTION flow.find_first_error(_flow_id BIGINT) RETURNS TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The first error of a run, of those that its nodes still have: one that has been run again since has not.
 *
 * _flow_id: the run.
 */
SELECT n.error
FROM flow.node_state n
WHERE n.flow_id = _flow_id AND n.error IS NOT NULL AND n.state IN ('FAILED', 'TIMED_OUT', 'CANCELED')
  AND NOT EXISTS (
    SELECT FROM flow.node_state l WHERE l.flow_id = n.flow_id AND l.node_no = n.node_no AND l.state_no > n.state_no)
ORDER BY n.state_no
LIMIT 1;
$$;
COMMENT ON FUNCTION flow.find_first_error(BIGINT) IS 'Engine: the first error of a run';
