CREATE OR REPLACE FUNCTION async.prepare_session() RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Settings of the orchestrator's session, for as long as it lasts: every statement must see what is committed by
 * then, and plans are made once: their arrays are short or long, but what they look up by key is the same. Nothing is
 * compiled: settings of the cycle make estimated costs meaningless, and compiling would take longer than the cycle.
 */
#variable_conflict error
BEGIN
  PERFORM set_config('default_transaction_isolation', 'read committed', false);
  PERFORM set_config('jit', 'off', false);
  IF current_setting('server_version_num')::INT >= 120000 THEN
    -- lint: allow available_names: asked for where the server has it
    PERFORM set_config('plan_cache_mode', 'force_generic_plan', false);
  END IF;
END;
$$;
COMMENT ON FUNCTION async.prepare_session() IS 'Engine: settings of the orchestrator''s session';
