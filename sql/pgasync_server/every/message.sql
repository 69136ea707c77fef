CREATE OR REPLACE FUNCTION async.message(_s async.loop_t, _slot async.slot_t, _lane async.lane, _part async.part_t)
RETURNS TEXT LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The message that runs a slot's batch: a DO block that runs each task in a transaction of its own, whose last row is its
 * receipt. CALL stands in it as a statement, for only so may the procedure commit; quote_literal() keeps the block whole
 * whatever the tasks hold. It gives up after a time, handing back what it has not begun. A raw task is sent as it is.
 */
DECLARE
  kind async.task_kind;
  preamble TEXT;
BEGIN
  IF _lane.raw THEN
    RETURN (_part.queries)[1];
  END IF;
  SELECT k.* INTO STRICT kind FROM async.task_kind k WHERE k.kind = _lane.kind;
  IF kind.preamble IS NOT NULL THEN
    EXECUTE format('SELECT %s($1, $2)', kind.preamble) INTO preamble USING _lane.owner_id, _slot.target_id;
  END IF;
  RETURN 'DO ' || quote_literal(concat(
    'DECLARE pgflow_tasks CONSTANT BIGINT[] := ', quote_literal(_slot.task_ids), '; ',
    'pgflow_began TIMESTAMPTZ; pgflow_started TIMESTAMPTZ; ',
    CASE WHEN kind.argument_type IS NOT NULL THEN concat(
      'pgflow_data CONSTANT JSONB[] := ', quote_literal(_part.data), '; ',
      'pgflow_header ', kind.argument_type, '; pgflow_argument ', kind.argument_type, '; ')
    ELSE concat('pgflow_queries CONSTANT TEXT[] := ', quote_literal(_part.queries), '; ') END,
    'BEGIN RESET SESSION AUTHORIZATION; RESET ROLE; ',
    format('pgflow_began := async.batch_begin(%L, %s); ', _s.server, _slot.epoch),
    preamble,
    CASE WHEN kind.header IS NOT NULL THEN
      concat('pgflow_header := ', replace(kind.header, '$owner_id', _lane.owner_id::TEXT), '; ') END,
    'FOR pgflow_i IN 1..', cardinality(_slot.task_ids), ' LOOP ',
    format('pgflow_started := async.task_begin(%s, %L, %s, %s, pgflow_tasks[pgflow_i], pgflow_i, pgflow_began); ',
           _slot.ring, _s.server, _slot.epoch, _slot.batch_id),
    'CONTINUE WHEN pgflow_started IS NULL; ',
    async.batch_statement(kind, _part.sole, _lane.label),
    ' RESET SESSION AUTHORIZATION; RESET ROLE; ',
    format('PERFORM async.task_end(%s, %L, %s, %s, pgflow_tasks[pgflow_i], pgflow_started); ',
           _slot.ring, _s.server, _slot.epoch, _slot.batch_id),
    'COMMIT; END LOOP; END'));
END;
$$;
COMMENT ON FUNCTION async.message(async.loop_t, async.slot_t, async.lane, async.part_t) IS
  'Engine: the message that runs a batch';
