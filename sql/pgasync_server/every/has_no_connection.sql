CREATE OR REPLACE FUNCTION async.has_no_connection(_target async.target) RETURNS BOOL LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether a target is nothing that one can connect to: only workers outside the database take its tasks.
 *
 * _target: its row.
 */
SELECT (_target).connection_string IS NULL
  AND (_target).target IS DISTINCT FROM (SELECT c.self_target FROM async.control c);
$$;
COMMENT ON FUNCTION async.has_no_connection(async.target) IS
  'Engine: whether only workers outside the database take the tasks of a target';
