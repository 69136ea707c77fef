CREATE OR REPLACE FUNCTION async.raise_configuration_error(
  _message TEXT,
  _problems TEXT[],
  _count BIGINT,
  _hint TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Raises the one error that says all that is wrong with a configuration.
 *
 * _message: primary message; _problems: the lines of its detail, null or none raises nothing; _count: how many
 * problems there are, those that are not among the lines too; _hint: what to do, or null.
 * Errors: PF006.
 */
#variable_conflict error
DECLARE
  detail TEXT := array_to_string(_problems, E'\n');
  more BIGINT := _count - cardinality(_problems);
BEGIN
  IF more > 0 THEN
    detail := format(E'%s\nand %s more', detail, more);
  END IF;

  IF cardinality(_problems) > 0 AND _hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'PF006', MESSAGE = _message, DETAIL = detail;
  ELSIF cardinality(_problems) > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'PF006', MESSAGE = _message, DETAIL = detail, HINT = _hint;
  END IF;
END;
$$;
COMMENT ON FUNCTION async.raise_configuration_error(TEXT, TEXT[], BIGINT, TEXT) IS
  'Engine: raises PF006 with one line a problem';
