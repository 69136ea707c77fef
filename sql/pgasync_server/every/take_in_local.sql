CREATE OR REPLACE FUNCTION async.take_in_local(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Takes in the requests written in this database since the last time, whose snapshot is kept with what followed from
 * them. To be called before this transaction writes anything: a snapshot does not tell its own transaction from
 * finished ones, so that what the orchestrator itself asks for later in the cycle would be passed over.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Errors: 25001 when it has written.
 * Writes async.intake and what they ask for.
 */
#variable_conflict error
DECLARE
  latest TXID_SNAPSHOT;
  latest_no BIGINT;
  requests async.request[];
BEGIN
  IF txid_current_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'requests must be taken in first' USING ERRCODE = 'active_sql_transaction';
  END IF;
  SELECT txid_current_snapshot(), array_agg(r) INTO latest, requests FROM async.find_new_requests(_s.snapshot) r;
  IF requests IS NOT NULL THEN
    INSERT INTO async.intake(target_id, snapshot) VALUES (0, latest) RETURNING intake_no INTO latest_no;
    DELETE FROM async.intake i WHERE i.target_id = 0 AND i.intake_no = _s.intake_no;
    _s.intake_no := latest_no;
    _s := async.take_in(_s, requests);
  END IF;
  _s.snapshot := latest;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.take_in_local(async.loop_t) IS 'Engine: takes in requests of this database';
