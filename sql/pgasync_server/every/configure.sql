CREATE OR REPLACE FUNCTION async.configure(_configuration JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Changes the configuration of the task engine; what is not named stays as it is. A running orchestrator takes it up
 * when the transaction has been committed.
 *
 * _configuration: an object with any of the keys control (an object), targets and concurrency_pools (arrays of objects, each
 *   changed or added by its name); docs/reference.md has their keys.
 * Errors: PF006, which names all that is wrong; nothing is changed then.
 * Writes async.control (its row is locked first, so that two configurations follow each other), async.target,
 * async.concurrency_pool.
 */
#variable_conflict error
BEGIN
  PERFORM FROM async.control FOR UPDATE;

  PERFORM async.check_configuration(_configuration);

  PERFORM async.apply_control(_configuration->'control');
  PERFORM async.apply_targets(async.get_configuration_items(_configuration, 'targets'));
  PERFORM async.apply_pools(async.get_configuration_items(_configuration, 'concurrency_pools'));

  UPDATE async.control SET configuration_version = nextval('async.configuration_version');
END;
$$;
COMMENT ON FUNCTION async.configure(JSONB) IS 'Changes the settings, targets and concurrency pools of the task engine';
