-- Analyzes and measures every table of this database, as many at once as the server takes, and writes a report.
--
--   SELECT flow.run_flow('maintenance', '{}');
--   SELECT report FROM demo.report;

CREATE SCHEMA IF NOT EXISTS demo;

CREATE TABLE demo.measured(flow_id BIGINT, name TEXT, live_rows BIGINT, bytes BIGINT, PRIMARY KEY (flow_id, name));
CREATE TABLE demo.report(flow_id BIGINT PRIMARY KEY, report TEXT);

-- Pushes one step for each table.
CREATE PROCEDURE demo.list_tables(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  steps JSONB[];
BEGIN
  SELECT array_agg(jsonb_build_object('schema', n.nspname, 'table', c.relname)) INTO steps
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence = 'p';

  CALL flow.push_steps((_args).flow_id, (_args).node, steps);
END;
$$;

-- One step: one table.
CREATE PROCEDURE demo.measure_table(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  name TEXT := format('%I.%I', (_args).step_arguments ->> 'schema', (_args).step_arguments ->> 'table');
BEGIN
  EXECUTE 'ANALYZE ' || name;

  INSERT INTO demo.measured
  SELECT (_args).flow_id, name, c.reltuples, pg_total_relation_size(c.oid)
  FROM pg_class c
  WHERE c.oid = name::REGCLASS;
END;
$$;

-- Starts when every step has ended well.
CREATE PROCEDURE demo.write_report(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
BEGIN
  INSERT INTO demo.report
  SELECT (_args).flow_id, format(E'%s tables, %s; the largest:\n', count(*), pg_size_pretty(sum(m.bytes)))
    || string_agg(format(E'  %s: %s rows, %s\n', m.name, m.live_rows, pg_size_pretty(m.bytes)), '' ORDER BY m.place)
       FILTER (WHERE m.place <= 5)
  FROM (SELECT *, row_number() OVER (ORDER BY bytes DESC, name) AS place FROM demo.measured WHERE flow_id = (_args).flow_id) m;
END;
$$;

SELECT flow.configure_flow('maintenance', '{"nodes": [
  {"node": "tables", "target": "self", "routine": "demo.list_tables", "step_routine": "demo.measure_table"},
  {"node": "report", "target": "self", "routine": "demo.write_report", "dependencies": [{"parent": "tables"}]}
]}');
