CREATE OR REPLACE FUNCTION async.log(_level TEXT, _message TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Writes to the log, if the level is at least the one configured.
 *
 * _level: DEBUG, INFO, NOTICE, WARNING or ERROR; _message: one line.
 * Errors: 22023 another level.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  levels CONSTANT TEXT[] := '{DEBUG,INFO,NOTICE,WARNING,ERROR}'::TEXT[];
BEGIN
  IF NOT upper(_level) = ANY(levels) THEN
    RAISE EXCEPTION 'unknown log level "%"', _level USING
      ERRCODE = 'invalid_parameter_value', HINT = 'Use DEBUG, INFO, NOTICE, WARNING or ERROR.';
  END IF;
  INSERT INTO async.log_entry(level, message)
  SELECT upper(_level), _message
  FROM async.control c
  WHERE array_position(levels, upper(_level)) >= coalesce(array_position(levels, upper(c.log_level)), 1);
END;
$$;
COMMENT ON FUNCTION async.log(TEXT, TEXT) IS 'Writes to the log';
