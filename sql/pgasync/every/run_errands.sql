CREATE OR REPLACE FUNCTION async.run_errands(_errands JSONB) RETURNS JSONB LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Runs small errands of extensions on a target. One that fails undoes only itself.
 *
 * _errands: [{routine, arguments}]: functions that take an array of their arguments.
 * Returns the errors, as an array of texts.
 */
#variable_conflict error
DECLARE
  errand JSONB;
  errors JSONB := '[]'::JSONB;
BEGIN
  -- one by one: each calls another function, and may fail by itself
  FOR errand IN SELECT e.value FROM jsonb_array_elements(_errands) e LOOP
    BEGIN
      EXECUTE format('SELECT %s($1)', (errand->>'routine')::REGPROC) USING errand->'arguments';
    EXCEPTION WHEN OTHERS THEN
      errors := errors || to_jsonb(format('%s: %s', errand->>'routine', SQLERRM));
    END;
  END LOOP;
  RETURN errors;
END;
$$;
COMMENT ON FUNCTION async.run_errands(JSONB) IS 'Engine: runs small errands of extensions on a target';
