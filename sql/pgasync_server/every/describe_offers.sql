CREATE OR REPLACE FUNCTION async.describe_offers(_lane_id BIGINT, _task_ids BIGINT[]) RETURNS JSONB[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What the workers get of the tasks of a lane: the task_data that was pushed, or what the extension that owns them says.
 *
 * _lane_id: the lane; _task_ids: tasks of it.
 * Returns an element for each, in their order.
 * Reads async.lane, async.task_kind, async.task.
 */
#variable_conflict error
DECLARE
  describer TEXT;
  answer JSONB[];
BEGIN
  SELECT k.describe INTO describer
  FROM async.lane l JOIN async.task_kind k ON k.kind = l.kind WHERE l.lane_id = _lane_id;
  IF describer IS NOT NULL THEN
    EXECUTE format('SELECT %s($1)', describer::REGPROC) INTO answer USING _task_ids;
    RETURN answer;
  END IF;
  RETURN ARRAY(
    SELECT t.task_data FROM unnest(_task_ids) WITH ORDINALITY u(task_id, n) JOIN async.task t ON t.task_id = u.task_id
    ORDER BY u.n);
END;
$$;
COMMENT ON FUNCTION async.describe_offers(BIGINT, BIGINT[]) IS 'Engine: what workers outside the database get of tasks';
