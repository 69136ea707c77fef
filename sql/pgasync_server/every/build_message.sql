CREATE OR REPLACE FUNCTION async.build_message(
  _s async.loop_t,
  _slot async.slot_t,
  _lane async.lane,
  _part async.part_t) RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The message that runs a slot's batch: a DO block that runs each task in a transaction of its own, whose last row is
 * its receipt. CALL stands in it as a statement, for only so may the procedure commit; quote_literal() keeps the
 * block whole whatever the tasks hold. It gives up after a time, handing back what it has not begun. A raw task is
 * sent as it is.
 *
 * Whether a task may begin is asked only where it could have been revoked: async.revoke_waiting() takes back only what
 * stands behind a task that it has seen at work for 50 ms, by the end of the one before. What is done for each task
 * is done in the block, without a function around it. The setting pgflow.task is for async.has_committed().
 *
 * _s: state of the orchestrator; _slot: with its batch; _lane: the lane of the tasks; _part: the tasks.
 */
#variable_conflict error
DECLARE
  lane_kind async.task_kind;
  prelude TEXT;
BEGIN
  IF _lane.raw THEN
    RETURN (_part.queries)[1];
  END IF;
  SELECT k.* INTO STRICT lane_kind FROM async.task_kind k WHERE k.kind = _lane.kind;
  IF lane_kind.preamble IS NOT NULL THEN
    EXECUTE format('SELECT %s($1, $2)', lane_kind.preamble::REGPROC) INTO prelude USING _lane.owner_id, _slot.target_id;
  END IF;
  -- lint: allow dynamic_sql: what is put in is a number or quoted, and the whole is quoted once more
  RETURN 'DO ' || quote_literal(concat(
    'DECLARE pgflow_tasks CONSTANT BIGINT[] := ', quote_literal(_slot.task_ids), '; ',
    'pgflow_began TIMESTAMPTZ; pgflow_until TIMESTAMPTZ; pgflow_started TIMESTAMPTZ; pgflow_mark TEXT; ',
    'pgflow_ended TIMESTAMPTZ := pg_catalog.statement_timestamp(); pgflow_before TIMESTAMPTZ := ''-infinity''; ',
    CASE WHEN lane_kind.argument_type IS NOT NULL THEN concat(
      'pgflow_data CONSTANT JSONB[] := ', quote_literal(_part.data), '; ',
      'pgflow_header ', lane_kind.argument_type, '; pgflow_argument ', lane_kind.argument_type, '; ')
    ELSE concat('pgflow_queries CONSTANT TEXT[] := ', quote_literal(_part.queries), '; ') END,
    'BEGIN RESET SESSION AUTHORIZATION; RESET ROLE; ',
    format('pgflow_began := async.begin_batch(%L, %s); ', _s.server, _slot.epoch),
    'pgflow_until := pgflow_began OPERATOR(pg_catalog.+) ''300 ms''; ',
    prelude,
    CASE WHEN lane_kind.header IS NOT NULL THEN
      concat('pgflow_header := ', replace(lane_kind.header, '$owner_id', _lane.owner_id::TEXT), '; ') END,
    'FOR pgflow_i IN 1..', cardinality(_slot.task_ids), ' LOOP ',
    'pgflow_started := pg_catalog.clock_timestamp(); ',
    'IF pgflow_started OPERATOR(pg_catalog.>) (pgflow_before OPERATOR(pg_catalog.+) ''20 ms'') ',
    'OR pgflow_started OPERATOR(pg_catalog.>) pgflow_until THEN ',
    format('CONTINUE WHEN NOT async.may_begin(%s, %L, %s, %s, pgflow_tasks[pgflow_i], pgflow_i, pgflow_began); END IF; ',
           _slot.ring, _s.server, _slot.epoch, _slot.batch_id),
    'pgflow_before := pgflow_ended; pgflow_mark := pg_catalog.set_config(''pgflow.task'', ''begun'', false); ',
    async.build_statement(lane_kind, _part.sole, _lane.label),
    ' RESET SESSION AUTHORIZATION; RESET ROLE; ',
    format('pgflow_ended := async.end_task(%s, %L, %s, %s, pgflow_tasks[pgflow_i], pgflow_started); ',
           _slot.ring, _s.server, _slot.epoch, _slot.batch_id),
    CASE WHEN _s.flush = 'batch' THEN 'SET LOCAL synchronous_commit = off; ' END, 'COMMIT; END LOOP; END'));
END;
$$;
COMMENT ON FUNCTION async.build_message(async.loop_t, async.slot_t, async.lane, async.part_t) IS
  'Engine: the message that runs a batch';
