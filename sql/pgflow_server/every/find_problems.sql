CREATE OR REPLACE FUNCTION flow.find_problems(
  _flow_name TEXT,
  _given JSONB,
  _configuration JSONB,
  _names TEXT[],
  _parents INT[],
  _children INT[],
  _parent_names TEXT[],
  OUT place INT,
  OUT problem TEXT,
  OUT wrong TEXT,
  OUT known TEXT) RETURNS SETOF RECORD LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * All that is wrong with a configuration of a flow.
 *
 * _flow_name, _given: what flow.configure_flow() was given; the latter an object.
 * _configuration: the whole configuration that the flow is to have; its nodes are an array.
 * _names: names of those nodes, in order; null where there is none.
 * _parents, _children, _parent_names: its dependencies, see flow.extract_edges().
 * place, problem: number of the node or 0, and what is wrong.
 * wrong, known: where a name is not known, that name and what it should be, see flow.list_known_names().
 */
SELECT s.place, s.problem, s.wrong, s.known
FROM flow.find_shape_problems(_flow_name, _given, _configuration->'nodes') s
UNION ALL
SELECT 0, g.problem, g.wrong, g.known
FROM flow.find_group_routine_problems(_configuration->'concurrency_group_routine') g
UNION ALL
SELECT 0, m.problem, m.wrong, m.known
FROM flow.find_mutex_problems(_configuration->'mutexes', _names) m
UNION ALL
SELECT n.place, n.problem, n.wrong, n.known
FROM flow.find_node_problems(_configuration->'nodes') n
UNION ALL
SELECT f.place, f.problem, f.wrong, f.known
FROM flow.find_subflow_problems(_flow_name, _configuration->'nodes') f
UNION ALL
SELECT d.place, d.problem, d.wrong, d.known
FROM flow.find_dependency_problems(_configuration->'nodes') d
UNION ALL
SELECT e.place, e.problem, e.wrong, e.known
FROM flow.find_edge_problems(_parents, _children, _parent_names) e
UNION ALL
SELECT c.place, c.problem, NULL, NULL
FROM flow.find_cycle_problems(_names, _parents, _children) c;
$$;
COMMENT ON FUNCTION flow.find_problems(TEXT, JSONB, JSONB, TEXT[], INT[], INT[], TEXT[]) IS
  'Engine: all that is wrong with a configuration of a flow';
