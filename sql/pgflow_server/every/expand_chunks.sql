CREATE OR REPLACE FUNCTION flow.expand_chunks() RETURNS BOOL LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine, once a cycle: makes tasks of up to 1,000 pushed steps. A step that its node has already is passed
 * over and no longer counted.
 *
 * Returns whether there were any.
 * Writes flow.chunk, and what flow.expand_chunk() and flow.advance() do.
 */
#variable_conflict error
DECLARE
  next_id BIGINT;
  chunk flow.chunk;
  ending flow.change_t[] := '{}'::flow.change_t[];
BEGIN
  FOREACH next_id IN ARRAY flow.find_next_chunks() LOOP
    DELETE FROM flow.chunk c WHERE c.chunk_id = next_id RETURNING c.* INTO chunk;
    ending := ending || flow.expand_chunk(chunk);
  END LOOP;
  IF cardinality(ending) > 0 THEN
    PERFORM flow.advance(ARRAY(SELECT DISTINCT e FROM unnest(ending) e));
  END IF;
  RETURN next_id IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION flow.expand_chunks() IS 'Engine: makes tasks of pushed steps, a few at a time';
