CREATE OR REPLACE FUNCTION async.check_push(_tasks async.task_push_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises unless every task names a known target, and one that it can run on: a task without a query is for workers
 * outside the database; one with a query needs a target that can be connected to.
 *
 * _tasks: what async.push_tasks() was given.
 * Errors: PF007, 22004, 22023.
 * Reads async.target, async.control.
 */
#variable_conflict error
DECLARE
  wrong TEXT;
BEGIN
  IF EXISTS (SELECT FROM unnest(_tasks) u WHERE u.target IS NULL) THEN
    RAISE EXCEPTION 'a task needs a target' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  SELECT string_agg(DISTINCT quote_ident(u.target), ', ') INTO wrong
  FROM unnest(_tasks) u WHERE NOT EXISTS (SELECT FROM async.target t WHERE t.target = u.target);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'unknown target: %', wrong USING ERRCODE = 'PF007', HINT = 'Add it with async.configure().';
  END IF;
  SELECT string_agg(DISTINCT quote_ident(t.target), ', ') INTO wrong
  FROM unnest(_tasks) u JOIN async.target t ON t.target = u.target
  WHERE u.query IS NOT NULL AND async.has_no_connection(t);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'target without a connection takes no query: %', wrong USING
      ERRCODE = 'invalid_parameter_value',
      HINT = 'Its tasks are taken by workers outside the database, with async.get_tasks(): push them without a query.';
  END IF;
END;
$$;
COMMENT ON FUNCTION async.check_push(async.task_push_t[]) IS 'Engine: refuses tasks that could never run';
