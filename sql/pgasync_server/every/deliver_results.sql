CREATE OR REPLACE FUNCTION async.deliver_results(_results async.result_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells extensions which of their tasks have ended: all of one owner at once, and when that fails, one by one, so
 * that trouble with one touches no other; it is logged, and that one is told again after 1, 2, 4, … 60 s. Where nobody
 * is to blame the error is raised: the cycle begins anew.
 *
 * _results: of any owners.
 * Errors: those of the hooks that async.is_passing() knows.
 * Writes async.undelivered, async.log_entry, and what the hooks do.
 */
#variable_conflict error
DECLARE
  owners CONSTANT TEXT[] := ARRAY(SELECT DISTINCT u.owner FROM unnest(_results) u);
  hook RECORD;
  mine async.result_t[];
  result async.result_t;
BEGIN
  -- a call for each owner
  FOR hook IN SELECT h.owner, h.on_results AS routine FROM async.hook h WHERE h.owner = ANY(owners) AND h.on_results IS NOT NULL
  LOOP
    mine := CASE WHEN cardinality(owners) = 1 THEN _results
                 ELSE ARRAY(SELECT u FROM unnest(_results) u WHERE u.owner = hook.owner) END;
    BEGIN
      EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING mine;
    EXCEPTION WHEN OTHERS THEN
      IF async.is_passing(SQLSTATE) THEN
        RAISE;
      END IF;
      PERFORM async.log('ERROR', format('results for %s failed together: %s', hook.routine, SQLERRM));
      FOREACH result IN ARRAY mine LOOP
        BEGIN
          EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING ARRAY[result];
        EXCEPTION WHEN OTHERS THEN
          IF async.is_passing(SQLSTATE) THEN
            RAISE;
          END IF;
          PERFORM async.log('ERROR', format('result of task %s failed: %s', result.task_id, SQLERRM));
          INSERT INTO async.undelivered AS u(task_id, failures, due, error)
          VALUES (result.task_id, 1, clock_timestamp() + INTERVAL '1 s', async.shorten_error(SQLSTATE, SQLERRM))
          ON CONFLICT (task_id) DO UPDATE SET
            failures = u.failures + 1, error = EXCLUDED.error,
            due = clock_timestamp() + least(2 ^ u.failures, 60) * INTERVAL '1 s';
        END;
      END LOOP;
    END;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.deliver_results(async.result_t[]) IS
  'Engine: tells other extensions which of their tasks have ended';
