CREATE OR REPLACE FUNCTION async.configure(_configuration JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Changes the configuration of the task engine; what is not named stays as it is. A running orchestrator takes it up
 * when the transaction has been committed.
 *
 * _configuration: an object with any of
 *   control: {workers, idle_sleep, busy_sleep, default_timeout, task_keep_duration, light_maintenance_sleep,
 *     heavy_maintenance_sleep, self_target, self_connection_string, self_concurrency, default_concurrency_pool_workers,
 *     advisory_mutex_id, log_level}
 *   targets: [{target, connection_string, max_concurrency, asynchronous_finish, default_timeout,
 *     concurrency_track_yielded, enabled}]
 *   concurrency_pools: [{concurrency_pool, max_workers}]
 *   Times are intervals, or numbers of seconds. A timeout or a connection string may be null; a target without one, other
 *   than this database, is for workers outside the database only. A connection string
 *   with a password in it is refused unless "allow_password": true stands beside it.
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
COMMENT ON FUNCTION async.configure(JSONB) IS 'Change the settings, targets and concurrency pools of the task engine';
