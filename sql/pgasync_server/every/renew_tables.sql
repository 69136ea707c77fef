CREATE OR REPLACE FUNCTION async.renew_tables(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Empties tables that hold few rows, and from which this session has removed very many, and puts the few back. While a
 * transaction somewhere is open, VACUUM cannot clear removed rows away, and everybody who looks at what runs now would have
 * to pass over them. Waits for no lock: a table that somebody is looking at has its turn later.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Reads pg_stat_xact_user_tables; writes the rows of some tables anew, and locks these for the rest of the cycle.
 */
#variable_conflict error
DECLARE
  most_rows CONSTANT INT := 2000;
  worn RECORD;
  kept TEXT[];
BEGIN
  -- a loop: each table is locked by itself, or left alone
  FOR worn IN
    SELECT t.relid, t.schemaname, t.relname, t.n_tup_del + t.n_tup_upd AS removed
    FROM pg_stat_xact_user_tables t
    WHERE t.relid = ANY('{async.batch, async.doom, async.early_finish, async.requeue, async.delayed, async.yielded,
                          async.open_lane, async.doomed_lane}'::REGCLASS[])
      AND t.n_tup_del + t.n_tup_upd - coalesce((_s.renewed->>(t.relid::TEXT))::BIGINT, 0) > 10000
  LOOP
    BEGIN
      EXECUTE format('LOCK TABLE ONLY %I.%I IN ACCESS EXCLUSIVE MODE NOWAIT', worn.schemaname, worn.relname);
      EXECUTE format('SELECT array_agg(t.line) FROM (SELECT k::TEXT AS line FROM ONLY %I.%I k LIMIT $1) t',
                     worn.schemaname, worn.relname)
      INTO kept USING most_rows + 1;
      IF coalesce(cardinality(kept), 0) <= most_rows THEN
        EXECUTE format('TRUNCATE ONLY %I.%I', worn.schemaname, worn.relname);
        EXECUTE format('INSERT INTO %1$I.%2$I SELECT (u.line::%1$I.%2$I).* FROM unnest($1) u(line)',
                       worn.schemaname, worn.relname) USING kept;
      END IF;
      _s.renewed := _s.renewed || jsonb_build_object(worn.relid::TEXT, worn.removed);
    EXCEPTION WHEN lock_not_available THEN NULL;  -- later
    END;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.renew_tables(async.loop_t) IS 'Engine: clears removed rows away that VACUUM cannot';
