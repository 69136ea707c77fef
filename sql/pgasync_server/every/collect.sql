CREATE OR REPLACE FUNCTION async.collect(_slot async.slot_t) RETURNS async.slot_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Reads the end of a slot's message: state becomes ended, with the error if there was one, or watched if the connection
 * is gone and nobody knows how far its session got.
 */
DECLARE
  still_connected BOOL := true;
BEGIN
  _slot.sqlstate := NULL;
  _slot.error := NULL;
  BEGIN
    PERFORM FROM async.dblink_result(_slot.connection);
    PERFORM FROM async.dblink_result(_slot.connection);
  EXCEPTION WHEN OTHERS OR query_canceled OR assert_failure THEN
    _slot.sqlstate := SQLSTATE;
    _slot.error := async.error_text(SQLSTATE, SQLERRM);
    still_connected := async.drain(_slot.connection, SQLSTATE);
    IF still_connected AND SQLSTATE IN ('40001', '40P01') THEN
      _slot.committed := async.left_task_open(_slot.connection);
    END IF;
  END;
  IF still_connected THEN
    _slot.state := 'ended';
  ELSE
    _slot := async.lose(_slot);
  END IF;
  RETURN _slot;
END;
$$;
COMMENT ON FUNCTION async.collect(async.slot_t) IS 'Engine: reads the end of a slot''s message';
