-- One node with as many small steps as the run's arguments ask for; each inserts one row.
--
--   SELECT flow.run_flow('steps', '{"steps": 20000}');

CREATE SCHEMA IF NOT EXISTS demo;

CREATE TABLE demo.done(flow_id BIGINT, n INT, at TIMESTAMPTZ);

CREATE PROCEDURE demo.make_steps(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  steps JSONB[] := ARRAY(
    SELECT jsonb_build_object('n', n) FROM generate_series(1, ((_args).flow_arguments ->> 'steps')::INT) n);
BEGIN
  CALL flow.push_steps((_args).flow_id, (_args).node, steps);
END;
$$;

CREATE PROCEDURE demo.do_step(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
BEGIN
  INSERT INTO demo.done VALUES ((_args).flow_id, ((_args).step_arguments ->> 'n')::INT, clock_timestamp());
END;
$$;

SELECT flow.configure_flow('steps', '{"nodes": [
  {"node": "work", "target": "self", "routine": "demo.make_steps", "step_routine": "demo.do_step"}
]}');
