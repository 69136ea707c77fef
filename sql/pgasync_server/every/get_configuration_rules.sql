CREATE OR REPLACE FUNCTION async.get_configuration_rules() RETURNS JSONB LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The keys that async.configure() takes, by section, with what they may hold: see async.check_keys(). docs/reference.md is
 * made from them, and from the comments and defaults of the columns that they set; "about" and "default" stand here
 * for keys that have no column.
 */
SELECT '{
  "control": {
    "workers": {"kind": "integer", "least": 1, "most": 10000},
    "idle_sleep": {"kind": "duration"},
    "busy_sleep": {"kind": "delay"},
    "default_timeout": {"kind": "duration", "null": true},
    "task_keep_duration": {"kind": "delay"},
    "light_maintenance_sleep": {"kind": "duration"},
    "heavy_maintenance_sleep": {"kind": "duration"},
    "self_target": {"kind": "label"},
    "self_connection_string": {"kind": "secret", "null": true},
    "self_concurrency": {"kind": "integer", "least": 1, "most": 10000},
    "default_concurrency_pool_workers": {"kind": "integer", "least": 1, "most": 10000},
    "advisory_mutex_id": {"kind": "integer", "least": -9223372036854775808, "most": 9223372036854775807},
    "log_level": {"kind": "word", "words": ["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR"]},
    "flush": {"kind": "word", "words": ["task", "batch"]},
    "allow_password": {
      "kind": "boolean", "default": false, "about": "Take a connection string that holds a password all the same"
    }
  },
  "targets": {
    "target": {"kind": "label"},
    "connection_string": {"kind": "secret", "null": true},
    "max_concurrency": {"kind": "integer", "least": 1, "most": 10000},
    "asynchronous_finish": {"kind": "boolean"},
    "default_timeout": {"kind": "duration", "null": true},
    "concurrency_track_yielded": {"kind": "boolean"},
    "enabled": {"kind": "boolean"},
    "allow_password": {
      "kind": "boolean", "default": false, "about": "Take a connection string that holds a password all the same"
    }
  },
  "concurrency_pools": {
    "concurrency_pool": {"kind": "label"},
    "max_workers": {"kind": "integer", "least": 1, "most": 10000}
  }
}'::JSONB;
$$;
COMMENT ON FUNCTION async.get_configuration_rules() IS
  'Engine: the keys that async.configure() takes, and their values';
