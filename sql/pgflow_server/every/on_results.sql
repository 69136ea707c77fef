CREATE OR REPLACE FUNCTION flow.on_results(_results async.result_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: tasks of runs have ended. Steps are counted off their nodes, nodes whose routine has ended go on to
 * their steps or end, and what hangs on them begins. Writes flow.node_state, flow.run_state, async.task.
 */
DECLARE
  ended flow.change_t[] := '{}';
BEGIN
  IF EXISTS (SELECT FROM unnest(_results) r WHERE r.is_member) THEN
    ended := flow.count_steps(ARRAY(SELECT r FROM unnest(_results) r WHERE r.is_member));
  END IF;
  IF EXISTS (SELECT FROM unnest(_results) r WHERE NOT r.is_member) THEN
    ended := ended || flow.end_routines(ARRAY(SELECT r FROM unnest(_results) r WHERE NOT r.is_member));
  END IF;
  PERFORM flow.advance(ended);
END;
$$;
COMMENT ON FUNCTION flow.on_results(async.result_t[]) IS 'Engine: hook for tasks that have ended';
