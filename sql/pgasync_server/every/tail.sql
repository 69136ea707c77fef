CREATE OR REPLACE PROCEDURE async.tail(_grep TEXT DEFAULT NULL) LANGUAGE plpgsql AS
$$
/*
 * Follows the log, as tail -f does, until it is canceled: the last ten entries, then each new one, as notices. An entry
 * whose transaction took longer than a minute to commit is passed over.
 *
 * _grep: only those whose level and message match this regular expression, whatever their case; null: all.
 * Reads async.log_entry.
 */
#variable_conflict error
DECLARE
  since pg_catalog.TIMESTAMPTZ := async.find_tail(_grep, 10);
  places pg_catalog.TEXT[] := '{}'::pg_catalog.TEXT[];
  lines pg_catalog.TEXT[] := '{}'::pg_catalog.TEXT[];
BEGIN
  LOOP
    SELECT r.places, r.lines INTO places, lines FROM async.read_log(since, _grep, places) r;
    FOR i IN 1..pg_catalog.cardinality(lines) LOOP
      RAISE NOTICE '%', lines[i];
    END LOOP;
    since := async.move_tail(since);
    COMMIT;
    PERFORM pg_catalog.pg_sleep(0.2);
  END LOOP;
END;
$$;
COMMENT ON PROCEDURE async.tail(TEXT) IS 'Follows the log';
