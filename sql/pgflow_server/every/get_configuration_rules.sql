CREATE OR REPLACE FUNCTION flow.get_configuration_rules() RETURNS JSONB LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The keys that flow.configure_flow() takes, of the flow and of a node, with what they may hold: see
 * async.check_keys(). docs/reference.md is made from them, and from the comments of the columns of the same name;
 * "about" stands here for keys that have none, "default" for all.
 */
SELECT '{
  "flow": {
    "flow": {
      "kind": "label", "default": null,
      "about": "Name of the flow again, as flow.configuration() gives it; it must be that of the call"
    },
    "concurrency_group_routine": {"kind": "routine", "default": null},
    "mutexes": {
      "kind": "array", "default": null,
      "about": "Sets of names of nodes, two or more each, that never run at once, across all runs: [[\"a\", \"b\"]]"
    },
    "nodes": {"kind": "array", "default": "required", "about": "The nodes, an object each: the keys below"}
  },
  "node": {
    "node": {"kind": "identifier", "default": "required"},
    "target": {"kind": "string", "default": "required, unless empty without steps"},
    "routine": {"kind": "routine", "default": "node", "about": "Procedure that the node and its steps call"},
    "node_routine": {"kind": "routine", "default": "routine", "about": "Procedure that the node itself calls"},
    "step_routine": {"kind": "routine", "default": "routine", "about": "Procedure that its steps call"},
    "dependencies": {
      "kind": "array", "default": null,
      "about": "Its parents: {\"parent\": name of a node, \"continue_on_failure\": start however it ended, default false}"
    },
    "steps": {"kind": "array", "default": null},
    "all_steps_must_complete": {"kind": "boolean", "default": true},
    "empty": {"kind": "boolean", "default": false},
    "steps_to_flow": {"kind": "string", "default": null},
    "synchronous": {"kind": "boolean", "default": false},
    "priority": {"kind": "integer", "least": -2147483648, "most": 2147483647, "default": 0},
    "node_timeout": {"kind": "duration", "default": null},
    "step_timeout": {"kind": "duration", "default": null},
    "max_concurrency": {"kind": "integer", "least": 1, "most": 1000000, "default": null},
    "retries": {"kind": "integer", "least": 0, "most": 1000000, "default": 0},
    "retry_delay": {"kind": "delay", "default": "1 s"},
    "retry_backoff": {"kind": "number", "least": 1, "most": 1000, "default": 2},
    "retry_max_delay": {"kind": "delay", "default": "1 h"},
    "retry_on": {"kind": "sqlstates", "default": null},
    "on_interrupt": {"kind": "word", "words": ["retry", "fail"], "default": "retry"}
  }
}'::JSONB;
$$;
COMMENT ON FUNCTION flow.get_configuration_rules() IS
  'Engine: the keys that flow.configure_flow() takes, and their values';
