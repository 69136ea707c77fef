CREATE OR REPLACE FUNCTION flow.find_group_routines(_name TEXT) RETURNS SETOF TEXT LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The functions (flow_id bigint, node text) returning one text that a name may mean, schema-qualified and quoted. The
 * search_path of the caller is not known here, and that of the orchestrator is another, so an unqualified name means
 * any schema.
 *
 * _name: name of the function; null: all there are. A name that is none gives nothing.
 */
SELECT format('%I.%I', n.nspname, p.proname)
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
CROSS JOIN LATERAL
(
  SELECT CASE WHEN async.is_routine_name(_name, true) THEN parse_ident(_name) END AS parts
) i
WHERE p.proargtypes = '20 25'::OIDVECTOR
  AND p.prorettype IN ('text'::REGTYPE, 'varchar'::REGTYPE, 'name'::REGTYPE)
  AND p.prokind = 'f'
  AND NOT p.proretset
  AND n.nspname !~ '^pg_'
  AND (_name IS NULL OR p.proname = i.parts[cardinality(i.parts)] AND (cardinality(i.parts) = 1 OR n.nspname = i.parts[1]))
ORDER BY 1;
$$;
COMMENT ON FUNCTION flow.find_group_routines(TEXT) IS 'Engine: functions that can name the pool of a task';
