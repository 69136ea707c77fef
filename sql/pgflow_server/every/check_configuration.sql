CREATE OR REPLACE FUNCTION flow.check_configuration(
  _flow_name TEXT,
  _given JSONB,
  _configuration JSONB,
  _parents INT[],
  _children INT[],
  _parent_names TEXT[]) RETURNS VOID LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off AS
$$
/*
 * Raises one error that says all that is wrong with a configuration of a flow.
 *
 * _flow_name, _given: what flow.configure_flow() was given; the latter an object.
 * _configuration: the whole configuration that the flow is to have; its nodes are an array.
 * _parents, _children, _parent_names: its dependencies, see flow.extract_edges().
 * Errors: PF006.
 */
#variable_conflict error
DECLARE
  names TEXT[] := ARRAY(
    SELECT CASE jsonb_typeof(n.item->'node') WHEN 'string' THEN n.item->>'node' END
    FROM jsonb_array_elements(_configuration->'nodes') WITH ORDINALITY AS n(item, no)
    ORDER BY n.no);
  lines TEXT[];
  problem_count BIGINT;
  advice TEXT;
BEGIN
  SELECT
    array_agg(
      CASE
        WHEN p.place NOT BETWEEN 1 AND cardinality(names) THEN ''
        WHEN names[p.place] IS NULL THEN format('nodes[%s]: ', p.place)
        ELSE format('node %s: ', to_json(names[p.place]))
      END
      || p.problem
      || coalesce(' (did you mean "' || async.find_nearest_name(p.wrong, flow.list_known_names(p.known, names)) || '"?)', '')
      ORDER BY p.no) FILTER (WHERE p.no <= 50),
    count(*),
    CASE WHEN bool_or(p.known = 'target') THEN 'Make a target known with async.configure() first.' END
  INTO lines, problem_count, advice
  FROM
  (
    SELECT a.place, a.problem, a.wrong, a.known, row_number() OVER (ORDER BY a.place, a.problem COLLATE "C") AS no
    FROM flow.find_problems(_flow_name, _given, _configuration, names, _parents, _children, _parent_names) a
  ) p;

  PERFORM async.raise_configuration_error(
    format('configuration of flow "%s" is not valid', left(_flow_name, 63)), lines, problem_count, advice);
END;
$$;
COMMENT ON FUNCTION flow.check_configuration(TEXT, JSONB, JSONB, INT[], INT[], TEXT[]) IS
  'Engine: raises PF006 with all that is wrong with a configuration of a flow';
