CREATE OR REPLACE FUNCTION async.judge_batches(_slots async.slot_t[], _receipts async.receipt_t[])
RETURNS SETOF async.verdict_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * What became of every task in batches that have ended. A receipt decides. Of the tasks without one, the first that
 * was not revoked is the one that the batch's error, or the loss of its session, hit; the others never ran. Nobody is
 * to blame for an interruption that we sent, nor for a batch refused for want of arguments (PF014) or by a later
 * orchestrator (PF012). A raw task has no receipt: the end of its message decides.
 *
 * _slots: with their batches; _receipts: of these batches, and maybe of others.
 * Reads async.lane, async.doom, async.early_finish.
 */
#variable_conflict error
BEGIN
  RETURN QUERY
  WITH member AS
  (
    SELECT x.batch_id, x.lane_id, x.sqlstate, x.error, x.committed, x.state, x.interrupted, x.raw, x.sent,
           l.asynchronous, l.owner, l.owner_id, l.owner_item,
           u.task_id, u.n, r.started, r.ended, r.task_id IS NOT NULL AS known,
           d.status AS doom, d.message AS doom_message,
           e.status AS answer, e.message AS answer_message, e.duration AS answer_duration
    FROM unnest(_slots) x
    JOIN async.lane l ON l.lane_id = x.lane_id
    CROSS JOIN LATERAL unnest(x.task_ids) WITH ORDINALITY u(task_id, n)
    LEFT JOIN unnest(_receipts) r ON r.batch_id = x.batch_id AND r.task_id = u.task_id
    LEFT JOIN LATERAL (SELECT o.* FROM async.doom o WHERE o.task_id = u.task_id OFFSET 0) d ON true
    LEFT JOIN LATERAL (SELECT f.* FROM async.early_finish f WHERE f.task_id = u.task_id OFFSET 0) e ON true
  ), ranked AS
  (
    SELECT m.*, row_number() OVER (PARTITION BY m.batch_id, m.ended IS NULL AND (NOT m.known OR m.state = 'watched')
                                   ORDER BY m.n) = 1 AS hit
    FROM member m
  )
  SELECT m.task_id, m.lane_id, m.batch_id, m.n,
         CASE
           WHEN m.ended IS NOT NULL OR m.raw AND m.state = 'ended' AND m.sqlstate IS NULL THEN 'DONE'
           WHEN m.doom IS NOT NULL THEN m.doom
           WHEN m.hit AND m.state = 'watched' THEN 'LOST'
           WHEN m.hit AND NOT m.known AND m.sqlstate IS NOT NULL AND m.sqlstate NOT IN ('REPLACED', 'MISSING')
                AND NOT (m.interrupted AND m.sqlstate = '57014') THEN 'ERROR'
           ELSE 'BACK'
         END,
         coalesce(m.started, m.sent), coalesce(m.ended, clock_timestamp()), m.sqlstate,
         coalesce(m.doom_message, m.error), m.committed, m.doom, m.doom_message,
         m.answer, m.answer_message, m.answer_duration, m.asynchronous, m.owner, m.owner_id, m.owner_item
  FROM ranked m;
END;
$$;
COMMENT ON FUNCTION async.judge_batches(async.slot_t[], async.receipt_t[]) IS
  'Engine: what became of the tasks of ended batches';
