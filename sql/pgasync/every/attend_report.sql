CREATE OR REPLACE FUNCTION async.attend_report(_message JSONB) RETURNS JSONB LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * The reporting half of async.attend(): everything in one statement, hence in one snapshot. Sessions have been
 * read before, so a session that was found gone has left all its receipts in this answer.
 */
BEGIN
  RETURN (
  SELECT jsonb_build_object(
    'snapshot', txid_current_snapshot(),
    'requests', (
      SELECT jsonb_agg(jsonb_build_object('kind', q.kind, 'payload', q.payload, 'items', to_jsonb(q.items)))
      FROM async.new_requests((_message->>'since')::TXID_SNAPSHOT) q
      WHERE (_message->>'requests')::BOOL),
    'receipts', (
      SELECT jsonb_agg(jsonb_build_array(r.batch_id, r.task_id, r.started, r.ended))
      FROM async.receipts(
        (_message->>'server')::UUID,
        ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{receipts,epochs}') t),
        ARRAY(SELECT t.value::BIGINT FROM jsonb_array_elements_text(_message#>'{receipts,batch_ids}') t)) r)));
END;
$$;
COMMENT ON FUNCTION async.attend_report(JSONB) IS 'Engine: what a target reports over its control connection';
