CREATE OR REPLACE FUNCTION flow.get_configuration_rules() RETURNS JSONB LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The keys that flow.configure_flow() takes, of the flow and of a node, with what they may hold: see
 * async.check_keys().
 */
SELECT '{
  "flow": {
    "flow": {"kind": "label"},
    "concurrency_group_routine": {"kind": "routine"},
    "mutexes": {"kind": "array"},
    "nodes": {"kind": "array"}
  },
  "node": {
    "node": {"kind": "identifier"},
    "target": {"kind": "string"},
    "routine": {"kind": "routine"},
    "node_routine": {"kind": "routine"},
    "step_routine": {"kind": "routine"},
    "dependencies": {"kind": "array"},
    "steps": {"kind": "array"},
    "all_steps_must_complete": {"kind": "boolean"},
    "empty": {"kind": "boolean"},
    "steps_to_flow": {"kind": "string"},
    "synchronous": {"kind": "boolean"},
    "priority": {"kind": "integer", "least": -2147483648, "most": 2147483647},
    "node_timeout": {"kind": "duration"},
    "step_timeout": {"kind": "duration"},
    "max_concurrency": {"kind": "integer", "least": 1, "most": 1000000},
    "retries": {"kind": "integer", "least": 0, "most": 1000000},
    "retry_delay": {"kind": "delay"},
    "retry_backoff": {"kind": "number", "least": 1, "most": 1000},
    "retry_max_delay": {"kind": "delay"},
    "retry_on": {"kind": "sqlstates"},
    "on_interrupt": {"kind": "word", "words": ["retry", "fail"]}
  }
}'::JSONB;
$$;
COMMENT ON FUNCTION flow.get_configuration_rules() IS
  'Engine: the keys that flow.configure_flow() takes, and their values';
