CREATE OR REPLACE FUNCTION async.quote_conninfo_value(_value TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Quotes a value for a libpq connection string.
 *
 * _value: the value.
 */
SELECT '''' || replace(replace(_value, '\', '\\'), '''', '\''') || '''';
$$;
COMMENT ON FUNCTION async.quote_conninfo_value(TEXT) IS 'Engine: quotes a value for a connection string';
