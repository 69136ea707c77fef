CREATE OR REPLACE FUNCTION async.attend(_message JSONB) RETURNS JSONB LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * One exchange over a target's control connection. _message:
 *   server, since (snapshot of the last exchange, or null)
 *   terminate [[pid, start]]   end these sessions of the engine
 *   revoke [{ring, epoch, batch_id, tasks, pid, start, cancel}]   revoke tasks; cancel what the session runs if told so
 *   notify [[channel, payload]], trim (whether to remove the requests that since has seen)
 *   rotate {ring, open, newest}        empty a receipt table but for these batches
 *   receipts {epochs, batch_ids}, sessions [pid], requests (whether to report them)
 * Answers snapshot, requests, receipts, sessions [[pid, start, active]], rotated, troubles (batches whose lock was busy).
 * Reads pg_stat_activity; writes async.receipt_0, _1, async.request.
 */
DECLARE
  job JSONB;
  answer JSONB := '{"troubles": []}';
BEGIN
  FOR job IN SELECT j.value FROM jsonb_array_elements(_message->'terminate') j LOOP
    PERFORM async.signal_session((job->>0)::INT, (job->>1)::TIMESTAMPTZ, true);
  END LOOP;
  FOR job IN SELECT j.value FROM jsonb_array_elements(_message->'revoke') j LOOP
    BEGIN
      PERFORM async.revoke(
        (job->>'ring')::INT, (_message->>'server')::UUID, (job->>'epoch')::BIGINT, (job->>'batch_id')::BIGINT,
        ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(job->'tasks') t));
      IF (job->>'cancel')::BOOL THEN
        PERFORM async.signal_session((job->>'pid')::INT, (job->>'start')::TIMESTAMPTZ, false);
      END IF;
    EXCEPTION WHEN lock_not_available OR query_canceled THEN
      answer := jsonb_set(answer, '{troubles}', answer->'troubles' || (job->'batch_id'));
    END;
  END LOOP;
  IF _message ? 'rotate' THEN
    answer := answer || jsonb_build_object('rotated', async.rotate_receipts(
      (_message#>>'{rotate,ring}')::INT, (_message->>'server')::UUID,
      ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{rotate,open}') t),
      (_message#>>'{rotate,newest}')::BIGINT));
  END IF;
  IF (_message->>'trim')::BOOL THEN
    PERFORM async.trim_requests((_message->>'since')::TXID_SNAPSHOT);
  END IF;
  PERFORM pg_notify(n.value->>0, n.value->>1) FROM jsonb_array_elements(_message->'notify') n;
  SELECT answer || jsonb_build_object('sessions', jsonb_agg(jsonb_build_array(a.pid, a.backend_start, a.state = 'active')))
  INTO answer
  FROM pg_stat_activity a
  WHERE a.pid = ANY(ARRAY(SELECT t.value::INT FROM jsonb_array_elements_text(_message->'sessions') t));

  RETURN answer || async.attend_report(_message);
END;
$$;
COMMENT ON FUNCTION async.attend(JSONB) IS 'Engine: one exchange over a target''s control connection';
