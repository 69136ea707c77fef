CREATE OR REPLACE FUNCTION async.attend(_message JSONB) RETURNS JSONB LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One exchange over a target's control connection.
 *
 * _message, an object; what is not there is not done:
 *   server       whose orchestrator asks
 *   since        snapshot of the last exchange, or null
 *   terminate    [[pid, start]]: end these sessions of the engine
 *   revoke       [{ring, epoch, batch_id, tasks, pid, start, cancel, waiting}]: revoke tasks, with waiting only those
 *                that have not begun; with cancel, interrupt the session
 *   notify       [[channel, payload]]
 *   trim         true: remove the requests that since has seen
 *   trimmed      snapshot up to which they are removed already, or null
 *   errands      [{routine, arguments}]: see async.run_errands()
 *   rotate       {ring, open, newest}: empty a receipt table but for these batches
 *   receipts     {epochs, batch_ids}: report the receipts of these batches
 *   flush        true: have the work that these receipts stand for on disk before the answer is sent
 *   sessions     [pid]: report these sessions
 *   requests     true: report what has been requested here since
 * Returns snapshot, requests, receipts, sessions [[pid, start, active]], rotated, trimmed (whether all of them are
 * gone), errors (of errands), troubles (batches whose lock was busy).
 * Reads pg_stat_activity; writes async.receipt_0, async.receipt_1, async.request; locks as async.rotate_receipts()
 * and async.trim_requests() do.
 */
#variable_conflict error
DECLARE
  job JSONB;
  reply JSONB := '{"troubles": []}'::JSONB;
BEGIN
  -- one by one: there are few, and each is a call
  FOR job IN SELECT j.value FROM jsonb_array_elements(_message->'terminate') j LOOP
    PERFORM async.signal_session((job->>0)::INT, (job->>1)::TIMESTAMPTZ, true);
  END LOOP;
  -- one by one: a batch whose lock is busy must not keep the others from being revoked
  FOR job IN SELECT j.value FROM jsonb_array_elements(_message->'revoke') j LOOP
    BEGIN
      IF (job->>'waiting')::BOOL THEN
        PERFORM async.revoke_waiting(
          (job->>'ring')::INT, (_message->>'server')::UUID, (job->>'epoch')::BIGINT, (job->>'batch_id')::BIGINT,
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(job->'tasks') t), (job->>'pid')::INT);
      ELSE
        PERFORM async.revoke(
          (job->>'ring')::INT, (_message->>'server')::UUID, (job->>'epoch')::BIGINT, (job->>'batch_id')::BIGINT,
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(job->'tasks') t));
      END IF;
      IF (job->>'cancel')::BOOL THEN
        PERFORM async.signal_session((job->>'pid')::INT, (job->>'start')::TIMESTAMPTZ, false);
      END IF;
    EXCEPTION WHEN lock_not_available OR query_canceled THEN
      reply := jsonb_set(reply, '{troubles}', reply->'troubles' || (job->'batch_id'));
    END;
  END LOOP;
  IF _message ? 'rotate' THEN
    reply := reply || jsonb_build_object('rotated', async.rotate_receipts(
      (_message#>>'{rotate,ring}')::INT, (_message->>'server')::UUID,
      ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{rotate,open}') t),
      (_message#>>'{rotate,newest}')::BIGINT));
  END IF;
  IF (_message->>'trim')::BOOL THEN
    reply := reply || jsonb_build_object('trimmed', async.trim_requests(
      (_message->>'since')::TXID_SNAPSHOT, (_message->>'trimmed')::TXID_SNAPSHOT));
  END IF;
  IF _message ? 'errands' THEN
    reply := reply || jsonb_build_object('errors', async.run_errands(_message->'errands'));
  END IF;
  PERFORM pg_notify(n.value->>0, n.value->>1) FROM jsonb_array_elements(_message->'notify') n;
  SELECT reply
    || jsonb_build_object('sessions', jsonb_agg(jsonb_build_array(a.pid, a.backend_start, a.state = 'active')))
  INTO reply
  FROM pg_stat_activity a
  WHERE a.pid = ANY(ARRAY(SELECT t.value::INT FROM jsonb_array_elements_text(_message->'sessions') t));
  IF (_message->>'flush')::BOOL THEN  -- a commit that has written something flushes all before it
    PERFORM pg_logical_emit_message(true, 'pgflow', 'flush');
  END IF;
  RETURN reply || async.report_news(_message);
END;
$$;
COMMENT ON FUNCTION async.attend(JSONB) IS 'Engine: one exchange over a target''s control connection';
