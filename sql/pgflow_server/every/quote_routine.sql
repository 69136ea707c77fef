CREATE OR REPLACE FUNCTION flow.quote_routine(_name TEXT) RETURNS TEXT LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A name of a routine with each part quoted where it must be, safe to paste into a statement.
 *
 * _name: a name that async.is_routine_name() takes.
 */
#variable_conflict error
BEGIN
  IF strpos(_name, '"') > 0 THEN
    RETURN (
      SELECT string_agg(quote_ident(p.part), '.' ORDER BY p.no)
      FROM unnest(parse_ident(_name)) WITH ORDINALITY AS p(part, no));
  ELSIF strpos(_name, '.') > 0 THEN
    RETURN quote_ident(split_part(_name, '.', 1)) || '.' || quote_ident(split_part(_name, '.', 2));
  END IF;

  RETURN quote_ident(_name);
END;
$$;
COMMENT ON FUNCTION flow.quote_routine(TEXT) IS 'Engine: quotes the name of a routine';
