CREATE OR REPLACE FUNCTION async.shorten_error(_sqlstate TEXT, _message TEXT) RETURNS TEXT
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * An error as it is kept: at most 8,000 characters of its message.
 *
 * _sqlstate, _message: the error; where it has no message the SQLSTATE stands for it.
 */
SELECT left(coalesce(nullif(_message, ''), 'error ' || _sqlstate), 8000);
$$;
COMMENT ON FUNCTION async.shorten_error(TEXT, TEXT) IS 'Engine: an error as it is kept';
