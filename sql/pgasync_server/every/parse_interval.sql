CREATE OR REPLACE FUNCTION async.parse_interval(_value JSONB) RETURNS INTERVAL LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The time span that a configuration gives: a string that PostgreSQL reads as an interval, or a number of seconds.
 *
 * _value: the JSON value.
 * Returns null for what is no time span, for a negative or infinite one, and for more than a hundred years (which
 * could not be added to every timestamp).
 */
#variable_conflict error
DECLARE
  span INTERVAL;
BEGIN
  CASE jsonb_typeof(_value)
    WHEN 'string' THEN
      span := (_value#>>'{}')::INTERVAL;
    WHEN 'number' THEN
      span := make_interval(secs => (_value#>>'{}')::FLOAT8);
    ELSE
      RETURN NULL;
  END CASE;

  RETURN CASE WHEN isfinite(span) AND span BETWEEN '0' AND '100 years' THEN span END;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION async.parse_interval(JSONB) IS 'Engine: interval of a JSON value, null when it is none';
