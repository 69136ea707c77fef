CREATE OR REPLACE FUNCTION async.make_idle_slot(
  _slot_no INT,
  _target_id INT,
  _connection TEXT,
  _pid INT,
  _backend_start TIMESTAMPTZ) RETURNS async.slot_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * A slot that has a connection and runs nothing.
 *
 * _slot_no, _target_id, _connection, _pid, _backend_start: as in async.slot_t.
 */
#variable_conflict error
DECLARE
  slot async.slot_t;
BEGIN
  slot.slot_no := _slot_no;
  slot.target_id := _target_id;
  slot.connection := _connection;
  slot.pid := _pid;
  slot.backend_start := _backend_start;
  slot.state := 'idle';
  slot.revoking := false;
  slot.interrupted := false;
  slot.terminate := false;
  slot.gone := false;
  slot.progress := clock_timestamp();
  RETURN slot;
END;
$$;
COMMENT ON FUNCTION async.make_idle_slot(INT, INT, TEXT, INT, TIMESTAMPTZ) IS 'Engine: a slot that runs nothing';
