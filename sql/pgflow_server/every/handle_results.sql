CREATE OR REPLACE FUNCTION flow.handle_results(_results async.result_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Hook of the engine: tasks of runs have ended. Steps are counted off their nodes, nodes whose routine has ended go on
 * to their steps or end, and what hangs on them begins.
 *
 * _results: the tasks.
 * Writes what flow.count_steps(), flow.end_routines() and flow.advance() do.
 */
#variable_conflict error
DECLARE
  has_steps BOOL;
  has_routines BOOL;
  ending flow.change_t[] := '{}'::flow.change_t[];
BEGIN
  SELECT bool_or(r.is_member), NOT bool_and(r.is_member) INTO has_steps, has_routines FROM unnest(_results) r;
  IF has_steps THEN
    ending := flow.count_steps(_results);
  END IF;
  IF has_routines THEN
    ending := ending || flow.end_routines(_results);
  END IF;
  PERFORM flow.advance(ending);
END;
$$;
COMMENT ON FUNCTION flow.handle_results(async.result_t[]) IS 'Engine: hook for tasks that have ended';
