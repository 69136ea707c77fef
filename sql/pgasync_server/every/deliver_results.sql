CREATE OR REPLACE FUNCTION async.deliver_results(_results async.result_t[]) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Tells extensions which of their tasks have ended: all of one owner at once, and when that fails, one by one, so
 * that trouble with one touches no other; it is logged. Where nobody is to blame the error is raised: the cycle begins
 * anew.
 *
 * _results: of any owners.
 * Errors: those of the hooks that async.is_passing() knows.
 * Writes async.log_entry, and what the hooks do.
 */
#variable_conflict error
DECLARE
  hook RECORD;
  result async.result_t;
BEGIN
  -- a call for each owner
  FOR hook IN
    SELECT h.on_results AS routine, array_agg(u) AS results
    FROM unnest(_results) u JOIN async.hook h ON h.owner = u.owner
    WHERE h.on_results IS NOT NULL
    GROUP BY h.owner
  LOOP
    BEGIN
      EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING hook.results;
    EXCEPTION WHEN OTHERS THEN
      IF async.is_passing(SQLSTATE) THEN
        RAISE;
      END IF;
      PERFORM async.log('ERROR', format('results for %s failed together: %s', hook.routine, SQLERRM));
      FOREACH result IN ARRAY hook.results LOOP
        BEGIN
          EXECUTE format('SELECT %s($1)', hook.routine::REGPROC) USING ARRAY[result];
        EXCEPTION WHEN OTHERS THEN
          IF async.is_passing(SQLSTATE) THEN
            RAISE;
          END IF;
          PERFORM async.log('ERROR', format('result of task %s failed: %s', result.task_id, SQLERRM));
        END;
      END LOOP;
    END;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION async.deliver_results(async.result_t[]) IS
  'Engine: tells other extensions which of their tasks have ended';
