CREATE OR REPLACE FUNCTION async.check_push(_tasks async.task_push_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises unless every task names a known target and has a query (tasks for outside workers have none and are not
 * taken here yet).
 *
 * _tasks: what async.push_tasks() was given.
 * Errors: PF007, 22004.
 * Reads async.target.
 */
#variable_conflict error
DECLARE
  wrong TEXT;
BEGIN
  IF EXISTS (SELECT FROM unnest(_tasks) u WHERE u.query IS NULL OR u.target IS NULL) THEN
    RAISE EXCEPTION 'a task needs a target and a query' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  SELECT string_agg(DISTINCT quote_ident(u.target), ', ') INTO wrong
  FROM unnest(_tasks) u WHERE NOT EXISTS (SELECT FROM async.target t WHERE t.target = u.target);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'unknown target: %', wrong USING ERRCODE = 'PF007', HINT = 'Add it with async.configure().';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_push(async.task_push_t[]) IS 'Engine: refuses tasks that could never run';
