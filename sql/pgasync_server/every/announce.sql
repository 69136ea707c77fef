CREATE OR REPLACE FUNCTION async.announce(_channel TEXT, _payload TEXT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * For extensions, within the orchestrator: a NOTIFY to be sent over the control connection of this database once this
 * cycle is committed. The orchestrator's own would be delivered, on older majors, only when CALL async.main()
 * returns.
 *
 * _channel, _payload: as pg_notify() takes them.
 * Kept in the setting pgflow.announcements, which is undone with the transaction.
 */
#variable_conflict error
BEGIN
  PERFORM set_config('pgflow.announcements', (
    coalesce(nullif(current_setting('pgflow.announcements', true), ''), '[]')::JSONB
    || jsonb_build_array(jsonb_build_array(_channel, _payload)))::TEXT, false);
END;
$$;
COMMENT ON FUNCTION async.announce(TEXT, TEXT) IS 'Engine: has a notification sent';
