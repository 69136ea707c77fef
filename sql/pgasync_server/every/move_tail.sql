CREATE OR REPLACE FUNCTION async.move_tail(_since TIMESTAMPTZ) RETURNS TIMESTAMPTZ LANGUAGE sql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * From when on async.tail() reads again: a minute ago, for entries are not committed in the order of their times.
 *
 * _since: from when on it has read.
 */
SELECT greatest(_since, clock_timestamp() - INTERVAL '1 minute');
$$;
COMMENT ON FUNCTION async.move_tail(TIMESTAMPTZ) IS 'Engine: from when on async.tail() reads again';
