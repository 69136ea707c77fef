CREATE OR REPLACE FUNCTION async.build_refusal() RETURNS TEXT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* What is sent in place of a task that needs our client extension to a target that does not have it. */
SELECT $query$
  DO 'BEGIN RAISE EXCEPTION ''this target has not the client extension that the task needs'' USING
    ERRCODE = ''undefined_object'', HINT = ''Run CREATE EXTENSION pgflow CASCADE there.''; END'
$query$::TEXT;
$$;
COMMENT ON FUNCTION async.build_refusal() IS
  'Engine: sent in place of a task that needs our client extension to a target that does not have it';
