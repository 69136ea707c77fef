CREATE OR REPLACE FUNCTION async.build_statement(_kind async.task_kind, _query TEXT, _label TEXT) RETURNS TEXT
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The part of a batch's message that does the work of one task: a CALL with the argument of its kind, a CALL as it
 * was pushed (checked first to be one), or whatever each task brings.
 *
 * _kind: of the lane; _query: what all tasks of the message call, null: each its own; _label: that of the lane.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT CASE
      -- lint: allow dynamic_sql: the name of the routine was quoted when the lane was made
      WHEN _kind.argument_type IS NOT NULL THEN concat(
        'pgflow_argument := ',
        replace(replace(replace(replace(
          _kind.argument, '$header', 'pgflow_header'), '$task_id', 'pgflow_tasks[pgflow_i]'),
          '$data', 'pgflow_data[pgflow_i]'), '$label', quote_nullable(_label)),
        '; CALL ', _query, '(pgflow_argument);')
      -- lint: allow dynamic_sql: this is the user's own statement
      WHEN _query IS NOT NULL THEN concat(
        'PERFORM async.assert_single_call(', quote_literal(_query), '); ', rtrim(_query, E'; \n\t'), E'\n;')
      ELSE 'PERFORM async.assert_single_statement(pgflow_queries[pgflow_i]); EXECUTE pgflow_queries[pgflow_i];' END);
END;
$$;
COMMENT ON FUNCTION async.build_statement(async.task_kind, TEXT, TEXT) IS
  'Engine: the part of a message that does the work';
