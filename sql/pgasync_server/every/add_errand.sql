CREATE OR REPLACE FUNCTION async.add_errand(_target_id INT, _routine TEXT, _argument JSONB) RETURNS VOID
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: has something small done on a target that has our client extension, some
 * seconds later, or when it can be reached again. It must do no harm to do it twice.
 *
 * _target_id: the target; _routine: function there that takes a JSONB array; _argument: an element of that array.
 * Writes async.errand.
 */
#variable_conflict error
BEGIN
  INSERT INTO async.errand(target_id, routine, argument) VALUES (_target_id, _routine, _argument);
END;
$$;
COMMENT ON FUNCTION async.add_errand(INT, TEXT, JSONB) IS 'Engine: has something small done on a target';
