CREATE OR REPLACE FUNCTION async.error_text(_sqlstate TEXT, _message TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* An error as it is kept: at most 8,000 characters of its message. */
SELECT left(coalesce(nullif(_message, ''), 'error ' || _sqlstate), 8000);
$$;
COMMENT ON FUNCTION async.error_text(TEXT, TEXT) IS 'Engine: an error as it is kept';
