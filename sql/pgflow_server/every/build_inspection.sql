CREATE OR REPLACE FUNCTION flow.build_inspection(_routines TEXT[]) RETURNS TEXT LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The query that asks a target what is wrong with routines. It is sent as it is, and is all that the target needs. It
 * finds what CALL would: the first procedure of that name on the way that the session's search_path goes, or in its
 * schema, that takes one callback_arguments_t and has a default for whatever else it takes.
 *
 * _routines: names, each part quoted where it must be.
 * Its answer is a row a routine in their order: empty, or what is wrong.
 */
#variable_conflict error
BEGIN
  RETURN format($query$
    SELECT coalesce(CASE
      WHEN w.argument IS NULL THEN 'extension pgflow is not installed on target'
      WHEN s.oid IS NULL AND cardinality(w.parts) = 2 THEN pg_catalog.format('schema %%I does not exist', w.parts[1])
      WHEN x.closed IS NOT NULL THEN pg_catalog.format('role %%I may not use schema %%I', current_user, x.closed)
      WHEN c.oid IS NULL THEN pg_catalog.format('procedure %%s does not exist', w.routine)
      WHEN c.prokind <> 'p' THEN pg_catalog.format('%%s is no procedure', w.routine)
      WHEN NOT c.fits THEN pg_catalog.format('procedure %%s does not take one flow.callback_arguments_t', w.routine)
      WHEN NOT pg_catalog.has_function_privilege(c.oid, 'EXECUTE') THEN pg_catalog.format(
        'role %%I may not execute procedure %%s', current_user, w.routine) END, '')
    FROM (SELECT r.routine, r.n, pg_catalog.parse_ident(r.routine) AS parts,
                 (SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace o ON o.oid = t.typnamespace
                  WHERE o.nspname = 'flow' AND t.typname = 'callback_arguments_t') AS argument
          FROM pg_catalog.unnest(%L::pg_catalog.TEXT[]) WITH ORDINALITY r(routine, n)) w
    LEFT JOIN pg_catalog.pg_namespace s ON cardinality(w.parts) = 2 AND s.nspname = w.parts[1]
    LEFT JOIN LATERAL (
      SELECT p.oid, p.pronamespace, p.prokind, f.fits
      FROM pg_catalog.pg_proc p
      LEFT JOIN pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY v(schema, place)
        ON v.schema = p.pronamespace::pg_catalog.REGNAMESPACE::pg_catalog.TEXT
      CROSS JOIN LATERAL (
        SELECT p.prokind = 'p' AND p.pronargs >= 1 AND p.pronargs - p.pronargdefaults <= 1
          AND NOT 'o' = ANY(coalesce(p.proargmodes::pg_catalog.TEXT[], '{}'))
          AND (p.proargtypes[0] = w.argument OR p.proargtypes[0] IN (
            'anyelement'::pg_catalog.REGTYPE, 'record'::pg_catalog.REGTYPE)) AS fits) f
      WHERE p.proname = w.parts[cardinality(w.parts)]
        AND CASE cardinality(w.parts) WHEN 2 THEN p.pronamespace = s.oid ELSE v.place IS NOT NULL END
      ORDER BY f.fits DESC, p.prokind = 'p' DESC, v.place LIMIT 1) c ON true
    CROSS JOIN LATERAL (
      SELECT pg_catalog.min(o.nspname::pg_catalog.TEXT) AS closed FROM pg_catalog.pg_namespace o
      WHERE (o.nspname IN ('async', 'flow') OR o.oid = s.oid) AND NOT pg_catalog.has_schema_privilege(o.oid, 'USAGE')) x
    ORDER BY w.n$query$, _routines);
END;
$$;
COMMENT ON FUNCTION flow.build_inspection(TEXT[]) IS 'Engine: the query that asks a target what is wrong with routines';
