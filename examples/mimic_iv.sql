-- The 66 tables that researchers derive from the hospital database MIMIC-IV, built in the order of their dependencies.
-- The graph is that of MIT-LCP/mimic-code; the measurements are made up. In psql, from the root of the repository:
--
--   \i examples/mimic_iv.sql
--   \set graph `cat examples/workflows/mimic_iv_concepts.json`
--   SELECT demo.configure_concepts(:'graph');
--   SELECT flow.run_flow('mimic_iv', '{}');

CREATE SCHEMA IF NOT EXISTS demo;
CREATE SCHEMA demo_mimic;

CREATE TABLE demo_mimic.measurement AS
SELECT stay_id, hour, kind, 50 + (stay_id * 7919 + hour * 104729 + kind * 31) % 100 AS value
FROM generate_series(1, 100) stay_id, generate_series(0, 47) hour, generate_series(0, 31) kind;

CREATE TABLE demo.concept_parent(concept TEXT, parent TEXT, PRIMARY KEY (concept, parent));

-- The one routine of all nodes: builds the table of the node from the tables of its parents.
CREATE PROCEDURE demo.concept(_args flow.callback_arguments_t) LANGUAGE plpgsql AS
$$
DECLARE
  concept TEXT := (_args).node;
  source TEXT;
BEGIN
  SELECT string_agg(format('SELECT stay_id, hour, value FROM demo_mimic.%I', p.parent), ' UNION ALL ') INTO source
  FROM demo.concept_parent p
  WHERE p.concept = (_args).node;

  IF source IS NULL THEN  -- no parents: one kind of measurement
    source := format('SELECT stay_id, hour, value FROM demo_mimic.measurement WHERE kind = hashtext(%L) & 31', concept);
  END IF;

  EXECUTE format('DROP TABLE IF EXISTS demo_mimic.%I', concept);
  EXECUTE format(
    'CREATE TABLE demo_mimic.%I AS
     SELECT stay_id, hour, avg(value) AS value, count(*) AS readings FROM (%s) s GROUP BY stay_id, hour', concept, source);
END;
$$;

-- Configures the flow from a graph of the form {"nodes": [{"node": …, "parents": […]}, …]}.
CREATE FUNCTION demo.configure_concepts(_graph JSONB) RETURNS VOID LANGUAGE sql AS
$$
  INSERT INTO demo.concept_parent
  SELECT n ->> 'node', p
  FROM jsonb_array_elements(_graph -> 'nodes') n, jsonb_array_elements_text(n -> 'parents') p;

  SELECT flow.configure_flow('mimic_iv', jsonb_build_object('nodes', jsonb_agg(jsonb_build_object(
    'node', n -> 'node',
    'target', 'self',
    'routine', 'demo.concept',
    'dependencies', ARRAY(SELECT jsonb_build_object('parent', p) FROM jsonb_array_elements_text(n -> 'parents') p)))))
  FROM jsonb_array_elements(_graph -> 'nodes') n;
$$;
