CREATE OR REPLACE FUNCTION flow.expand_chunk(_chunk flow.chunk) RETURNS flow.change_t[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Makes tasks of steps; where that is impossible (their target is not there any more, say) they fail, and are logged.
 * When the server has run out of something, they are tried again with the next cycle.
 *
 * _chunk: the steps, of one node.
 * Returns the node if it ends with that.
 * Errors: of classes 53, 57 and 58.
 * Writes what flow.queue_steps(), flow.fail_steps() and flow.count_steps() do, and the log.
 */
#variable_conflict error
BEGIN
  IF flow.queue_steps(_chunk) THEN
    RETURN flow.find_done_nodes(ARRAY[ROW(_chunk.flow_id, _chunk.node_no, NULL, NULL)::flow.change_t]);
  END IF;
  RETURN '{}'::flow.change_t[];
EXCEPTION
  WHEN insufficient_resources OR operator_intervention OR system_error THEN
    RAISE;
  WHEN OTHERS THEN
    PERFORM async.log('ERROR', format(
      '%s steps of run %s cannot run: %s', cardinality(_chunk.steps), _chunk.flow_id, SQLERRM));
    RETURN flow.count_steps(flow.fail_steps(_chunk, SQLSTATE, SQLERRM))
      || flow.find_done_nodes(ARRAY[ROW(_chunk.flow_id, _chunk.node_no, NULL, NULL)::flow.change_t]);
END;
$$;
COMMENT ON FUNCTION flow.expand_chunk(flow.chunk) IS 'Engine: makes tasks of steps of one node';
