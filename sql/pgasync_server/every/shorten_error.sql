CREATE OR REPLACE FUNCTION async.shorten_error(_sqlstate TEXT, _message TEXT) RETURNS TEXT
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * An error as it is kept: at most 8,000 characters of its message. One from a database of another encoding, or of
 * none, may hold bytes that are no text here: those beyond ASCII are then written in octal.
 *
 * _sqlstate, _message: the error; where it has no message the SQLSTATE stands for it.
 */
#variable_conflict error
BEGIN
  PERFORM convert_to(_message, getdatabaseencoding());
  RETURN left(coalesce(nullif(_message, ''), 'error ' || _sqlstate), 8000);
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
  RETURN left(encode(textsend(_message), 'escape'), 8000);
END;
$$;
COMMENT ON FUNCTION async.shorten_error(TEXT, TEXT) IS 'Engine: an error as it is kept';
