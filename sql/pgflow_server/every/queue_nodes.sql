CREATE OR REPLACE FUNCTION flow.queue_nodes(_begun flow.change_t[]) RETURNS flow.change_t[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Queues the tasks of nodes' own routines, with a key of zeros, where steps have a hash. The loop makes one lane for
 * those of a run that have everything but the routine in common.
 *
 * _begun: the nodes.
 * Returns those that fail at once, since their target is not there any more.
 * Writes async.lane, async.task, and what flow.fail_nodes() does.
 */
#variable_conflict error
DECLARE
  alike RECORD;
  wanted async.lane;
  failing flow.change_t[] := '{}'::flow.change_t[];
BEGIN
  FOR alike IN
    SELECT r.flow_id, n.target, r.priority + n.priority AS priority, n.synchronous, n.retries, n.retry_delay, n.retry_backoff,
           n.retry_max_delay, n.retry_on, n.on_interrupt, array_agg(n.node_no ORDER BY n.node_no) AS node_nos,
           r.definition_id, r.flow
    FROM unnest(_begun) c
    JOIN flow.run r ON r.flow_id = c.flow_id
    CROSS JOIN LATERAL (
      SELECT x.* FROM flow.definition_node x WHERE x.definition_id = r.definition_id AND x.node_no = c.node_no OFFSET 0) n
    GROUP BY r.flow_id, n.target, r.priority + n.priority, n.synchronous, n.retries, n.retry_delay, n.retry_backoff,
             n.retry_max_delay, n.retry_on, n.on_interrupt, r.definition_id, r.flow
  LOOP
    IF NOT EXISTS (SELECT FROM async.target t WHERE t.target = alike.target) THEN
      failing := failing || flow.fail_nodes(alike.flow_id, alike.node_nos, format('unknown target "%s"', alike.target));
      CONTINUE;
    END IF;
    wanted := flow.draft_lane(alike.target, NOT alike.synchronous, NULL);
    wanted.priority := alike.priority;
    wanted.owner_id := alike.flow_id;
    wanted.owner_item := 0;
    wanted.kind := 'flow.node';
    wanted.retries := alike.retries;
    wanted.retry_delay := alike.retry_delay;
    wanted.retry_backoff := alike.retry_backoff;
    wanted.retry_max_delay := alike.retry_max_delay;
    wanted.retry_on := alike.retry_on;
    wanted.on_interrupt := alike.on_interrupt;
    wanted.lane_id := async.ensure_lane(wanted);
    INSERT INTO async.task(task_id, lane_id, seq, owner_id, owner_item, key, query, argument, source)
    SELECT nextval('async.task_id_seq'), wanted.lane_id, nextval('async.seq'), alike.flow_id, n.node_no,
           '00000000-0000-0000-0000-000000000000', n.routine, to_jsonb(n.node), alike.flow
    FROM unnest(alike.node_nos) u(node_no)
    CROSS JOIN LATERAL (
      SELECT x.* FROM flow.definition_node x WHERE x.definition_id = alike.definition_id AND x.node_no = u.node_no OFFSET 0) n
    ORDER BY n.node_no;
  END LOOP;
  RETURN failing;
END;
$$;
COMMENT ON FUNCTION flow.queue_nodes(flow.change_t[]) IS 'Engine: queues the tasks of nodes'' own routines';
