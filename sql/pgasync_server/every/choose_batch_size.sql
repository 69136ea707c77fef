CREATE OR REPLACE FUNCTION async.choose_batch_size(_work FLOAT8, _pace FLOAT8) RETURNS INT
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * How many tasks go in one message, 1 to 200: up to 20 ms of work, so that long tasks stay free to go to any slot,
 * and up to 150 ms of time, so that none waits long for its batch-mates on a machine with more slots than processors.
 *
 * _work, _pace: seconds, as in async.lane_state_t; the answer is 1 when they are unknown.
 */
#variable_conflict error
BEGIN
  IF _work IS NULL OR _pace IS NULL THEN
    RETURN 1;
  END IF;
  RETURN greatest(1, least(200, floor(0.02 / greatest(_work, 0.0001)), floor(0.15 / greatest(_pace, 0.0001))))::INT;
END;
$$;
COMMENT ON FUNCTION async.choose_batch_size(FLOAT8, FLOAT8) IS 'Engine: how many tasks go in one message';
