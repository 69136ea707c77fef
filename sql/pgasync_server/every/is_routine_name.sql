CREATE OR REPLACE FUNCTION async.is_routine_name(_name TEXT, _may_be_quoted BOOL) RETURNS BOOL
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells whether a text is a name in lower case, or two joined by a dot, as the parser of PostgreSQL takes it without
 * folding.
 *
 * _name: the text; _may_be_quoted: a part may stand in double quotes, which then hold any characters.
 */
#variable_conflict error
DECLARE
  plain TEXT := '[^\x01-\x5e\x60\x7b-\x7f][^\x01-\x23\x25-\x2f\x3a-\x5e\x60\x7b-\x7f]*';
  any_part TEXT := '(?:' || plain || '|"(?:[^"]|"")+")';
BEGIN
  IF _name COLLATE "C" ~ ('^' || plain || '(?:[.]' || plain || ')?$') THEN
    RETURN octet_length(split_part(_name, '.', 1)) < 64 AND octet_length(split_part(_name, '.', 2)) < 64;
  ELSIF _may_be_quoted AND _name COLLATE "C" ~ ('^' || any_part || '(?:[.]' || any_part || ')?$') THEN
    RETURN (SELECT bool_and(octet_length(p.name) < 64) FROM unnest(parse_ident(_name)) AS p(name));
  END IF;

  RETURN false;
END;
$$;
COMMENT ON FUNCTION async.is_routine_name(TEXT, BOOL) IS
  'Engine: whether a text is an identifier, possibly schema-qualified';
