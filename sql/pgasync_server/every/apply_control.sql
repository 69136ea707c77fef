CREATE OR REPLACE FUNCTION async.apply_control(_control JSONB) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes the settings of a configuration over; what it does not name stays.
 *
 * _control: section control of a configuration that has been checked.
 * Writes async.control, async.target (name and limit of the target that is this database); the caller has locked the
 * row of the former.
 */
#variable_conflict error
BEGIN
  UPDATE async.target t
  SET
    target = coalesce(_control->>'self_target', t.target),
    max_concurrency = coalesce((_control->>'self_concurrency')::NUMERIC::INT, t.max_concurrency)
  FROM async.control c
  WHERE t.target = c.self_target;

  UPDATE async.control c
  SET
    workers = coalesce((_control->>'workers')::NUMERIC::INT, c.workers),
    idle_sleep = coalesce(async.parse_interval(_control->'idle_sleep'), c.idle_sleep),
    busy_sleep = coalesce(async.parse_interval(_control->'busy_sleep'), c.busy_sleep),
    default_timeout = CASE
      WHEN _control ? 'default_timeout' THEN async.parse_interval(_control->'default_timeout')
      ELSE c.default_timeout END,
    task_keep_duration = coalesce(async.parse_interval(_control->'task_keep_duration'), c.task_keep_duration),
    light_maintenance_sleep =
      coalesce(async.parse_interval(_control->'light_maintenance_sleep'), c.light_maintenance_sleep),
    heavy_maintenance_sleep =
      coalesce(async.parse_interval(_control->'heavy_maintenance_sleep'), c.heavy_maintenance_sleep),
    self_target = coalesce(_control->>'self_target', c.self_target),
    self_connection_string = CASE
      WHEN _control ? 'self_connection_string' THEN _control->>'self_connection_string'
      ELSE c.self_connection_string END,
    self_concurrency = coalesce((_control->>'self_concurrency')::NUMERIC::INT, c.self_concurrency),
    default_concurrency_pool_workers =
      coalesce((_control->>'default_concurrency_pool_workers')::NUMERIC::INT, c.default_concurrency_pool_workers),
    advisory_mutex_id = coalesce((_control->>'advisory_mutex_id')::NUMERIC::BIGINT, c.advisory_mutex_id),
    log_level = coalesce(_control->>'log_level', c.log_level),
    flush = coalesce(_control->>'flush', c.flush);
END;
$$;
COMMENT ON FUNCTION async.apply_control(JSONB) IS 'Engine: section control of async.configure()';
