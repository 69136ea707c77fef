CREATE OR REPLACE FUNCTION flow.expand_chunks() RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine, once a cycle: makes tasks of up to 1,000 pushed steps, in the order in which they were pushed. A
 * step that its node has already is passed over and no longer counted. A loop over two chunks at the most.
 *
 * Returns whether there were any.
 * Writes flow.chunk, and what flow.queue_steps() and flow.advance() do.
 */
#variable_conflict error
DECLARE
  chunk flow.chunk;
  twins flow.change_t[] := '{}'::flow.change_t[];
BEGIN
  FOR chunk IN
    WITH gone AS
    (
      DELETE FROM flow.chunk c WHERE c.chunk_id = ANY(ARRAY(SELECT h.chunk_id FROM flow.chunk h ORDER BY h.chunk_id LIMIT 2))
      RETURNING c.*
    )
    SELECT g.* FROM gone g ORDER BY g.chunk_id
  LOOP
    IF flow.queue_steps(chunk) THEN
      twins := twins || ROW(chunk.flow_id, chunk.node_no, NULL, NULL)::flow.change_t;
    END IF;
  END LOOP;
  IF cardinality(twins) > 0 THEN
    PERFORM flow.advance(flow.find_done_nodes(twins));
  END IF;
  RETURN chunk.chunk_id IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION flow.expand_chunks() IS 'Engine: hook of the cycle, makes tasks of pushed steps';
