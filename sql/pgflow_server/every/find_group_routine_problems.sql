CREATE OR REPLACE FUNCTION flow.find_group_routine_problems(
  _routine JSONB,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What is wrong with the function that names the pools of a flow: it must exist, once.
 *
 * _routine: value of concurrency_group_routine, or null.
 * Returns a row if there is a problem: what is wrong, the name, and what it should be.
 */
SELECT
  CASE cardinality(f.routines)
    WHEN 0 THEN format('concurrency_group_routine: there is no function %s(bigint, text) that returns text', _routine#>>'{}')
    ELSE format('concurrency_group_routine: %s may mean %s', _routine#>>'{}', array_to_string(f.routines, ' or '))
  END,
  CASE cardinality(f.routines) WHEN 0 THEN _routine#>>'{}' END,
  'function'
FROM (SELECT ARRAY(SELECT flow.find_group_routines(_routine#>>'{}')) AS routines) f
WHERE jsonb_typeof(_routine) = 'string'
  AND async.is_routine_name(_routine#>>'{}', true)
  AND cardinality(f.routines) <> 1;
$$;
COMMENT ON FUNCTION flow.find_group_routine_problems(JSONB) IS
  'Engine: what is wrong with the concurrency_group_routine of a configuration of a flow';
