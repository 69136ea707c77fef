CREATE OR REPLACE FUNCTION async.batch_size(_average FLOAT8) RETURNS INT LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/* How many tasks go in one message: 50 ms worth of them by their average in seconds, 1 to 100; 1 when it is unknown. */
SELECT coalesce(greatest(1, least(100, floor(0.05 / greatest(_average, 0.0001))))::INT, 1);
$$;
COMMENT ON FUNCTION async.batch_size(FLOAT8) IS 'Engine: how many tasks go in one message';
