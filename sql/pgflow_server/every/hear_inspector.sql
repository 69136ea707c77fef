CREATE OR REPLACE FUNCTION flow.hear_inspector(_inspector TEXT, _routines TEXT[], _deadline TIMESTAMPTZ) RETURNS TEXT[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Waits for what a session that flow.ask_inspector() asked has to say, and closes the connection to it. When the time is
 * up it ends all of them that still wait: their time is the same.
 *
 * _inspector: the connection; _routines: what it was asked about; _deadline: longest to wait.
 * Returns an element a routine: empty, or what is wrong; the same for all where the target did not answer.
 */
#variable_conflict error
DECLARE
  answers TEXT[];
  detail TEXT;
BEGIN
  WHILE async.is_busy(_inspector) AND clock_timestamp() < _deadline LOOP
    PERFORM pg_sleep(0.005);
  END LOOP;
  IF async.is_busy(_inspector) THEN
    answers := array_fill('target does not answer'::TEXT, ARRAY[cardinality(_routines)]);
    PERFORM pg_terminate_backend(a.pid)
    FROM pg_stat_get_activity(NULL) a WHERE a.application_name = 'pgflow inspector for ' || pg_backend_pid();
  ELSE
    BEGIN
      answers := ARRAY(SELECT r.answer FROM async.dblink_result(_inspector) r(answer));
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      answers := array_fill(concat_ws(
        ': ', 'target cannot be asked', async.shorten_error(SQLSTATE, SQLERRM), translate(nullif(detail, ''), E'\n\t', '  ')),
        ARRAY[cardinality(_routines)]);
    END;
  END IF;
  PERFORM async.hang_up(_inspector);
  RETURN answers;
END;
$$;
COMMENT ON FUNCTION flow.hear_inspector(TEXT, TEXT[], TIMESTAMPTZ) IS 'Engine: waits for what a target says about routines';
