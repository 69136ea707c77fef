CREATE OR REPLACE FUNCTION async.report_news(_message JSONB) RETURNS JSONB LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The reporting half of async.attend(): everything in one statement, hence in one snapshot. Sessions have been read
 * before, so a session that was found gone has left all its receipts in this answer.
 *
 * _message: what async.attend() was given.
 * Returns snapshot, requests and receipts of its answer.
 * Reads async.request, async.receipt_0 and async.receipt_1.
 */
#variable_conflict error
BEGIN
  RETURN (
    SELECT jsonb_build_object(
      'snapshot', txid_current_snapshot(),
      'requests', (
        SELECT jsonb_agg(jsonb_build_object('kind', q.kind, 'payload', q.payload, 'items', to_jsonb(q.items)))
        FROM async.find_new_requests((_message->>'since')::TXID_SNAPSHOT) q
        WHERE (_message->>'requests')::BOOL),
      'receipts', (
        SELECT jsonb_agg(jsonb_build_array(r.batch_id, r.task_id, r.started, r.ended))
        FROM async.find_receipts(
          (_message->>'server')::UUID,
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{receipts,epochs}') t),
          ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{receipts,batch_ids}') t)) r)));
END;
$$;
COMMENT ON FUNCTION async.report_news(JSONB) IS 'Engine: what a target reports over its control connection';
