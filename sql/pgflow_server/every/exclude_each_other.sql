CREATE OR REPLACE FUNCTION flow.exclude_each_other(
  _definition_id BIGINT,
  _node_no INT,
  _other_definition_id BIGINT,
  _other_no INT) RETURNS BOOL LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Whether two nodes of runs of one flow must not run at once: a mutex of the version that either run keeps to names both. A
 * node that is in a mutex excludes itself in other runs.
 *
 * _definition_id, _node_no, _other_definition_id, _other_no: the nodes.
 */
#variable_conflict error
DECLARE
  same CONSTANT BOOL := _definition_id = _other_definition_id;
  names TEXT[] := CASE WHEN NOT same THEN ARRAY[
    (SELECT n.node FROM flow.definition_node n WHERE n.definition_id = _definition_id AND n.node_no = _node_no),
    (SELECT n.node FROM flow.definition_node n WHERE n.definition_id = _other_definition_id AND n.node_no = _other_no)] END;
BEGIN
  IF same THEN
    RETURN EXISTS (
      SELECT FROM flow.definition_mutex a
      JOIN flow.definition_mutex b ON b.definition_id = a.definition_id AND b.mutex_no = a.mutex_no
      WHERE a.definition_id = _definition_id AND a.node_no = _node_no AND b.node_no = _other_no);
  END IF;
  RETURN EXISTS (
    SELECT FROM flow.definition_node n
    JOIN flow.definition_mutex a ON a.definition_id = n.definition_id AND a.node_no = n.node_no
    JOIN flow.definition_mutex b ON b.definition_id = a.definition_id AND b.mutex_no = a.mutex_no
    JOIN flow.definition_node o ON o.definition_id = b.definition_id AND o.node_no = b.node_no
    WHERE n.definition_id IN (_definition_id, _other_definition_id) AND n.node = names[1] AND o.node = names[2]);
END;
$$;
COMMENT ON FUNCTION flow.exclude_each_other(BIGINT, INT, BIGINT, INT) IS
  'Engine: whether two nodes must not run at once';
