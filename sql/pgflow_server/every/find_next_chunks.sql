CREATE OR REPLACE FUNCTION flow.find_next_chunks() RETURNS BIGINT[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The pushed steps whose turn it is: those that have waited longest, and of the node that was pushed to last those that
 * have waited longest, so that a few steps need not wait for a million that were pushed before them.
 *
 * The setting pgflow.chunks_gone of the orchestrator's session holds up to where chunks are gone, lest rows that a
 * transaction somewhere keeps from being removed be passed over and over.
 *
 * Returns up to two chunk_ids.
 * Reads flow.chunk.
 */
#variable_conflict error
DECLARE
  gone BIGINT := coalesce(nullif(current_setting('pgflow.chunks_gone', true), ''), '0')::BIGINT;
  oldest BIGINT[] := ARRAY(SELECT c.chunk_id FROM flow.chunk c WHERE c.chunk_id > gone ORDER BY c.chunk_id LIMIT 2);
  all_before BIGINT := coalesce(
    oldest[1] - 1, (SELECT CASE WHEN q.is_called THEN q.last_value ELSE 0 END FROM flow.chunk_chunk_id_seq q));
BEGIN
  IF all_before <> gone THEN
    PERFORM set_config('pgflow.chunks_gone', all_before::TEXT, false);
  END IF;
  IF cardinality(oldest) = 2 THEN
    oldest[2] := (
      SELECT CASE WHEN f.chunk_id = oldest[1] THEN oldest[2] ELSE f.chunk_id END
      FROM (SELECT c.flow_id, c.node_no FROM flow.chunk c ORDER BY c.chunk_id DESC LIMIT 1) n
      CROSS JOIN LATERAL (
        SELECT c.chunk_id FROM flow.chunk c
        WHERE c.flow_id = n.flow_id AND c.node_no = n.node_no AND c.chunk_id > gone
        ORDER BY c.chunk_id LIMIT 1) f);
  END IF;
  RETURN oldest;
END;
$$;
COMMENT ON FUNCTION flow.find_next_chunks() IS 'Engine: the pushed steps whose turn it is to become tasks';
