CREATE OR REPLACE FUNCTION flow.drop_runs(_flow_ids BIGINT[], _limit INT) RETURNS VOID LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Removes runs of which little is left, after their lanes if there are many of those. Targets that have got their
 * arguments are asked to drop them.
 *
 * _flow_ids: the runs.
 * _limit: most lanes at a time.
 * Writes flow.run, flow.restart, flow.run_state, flow.arguments_sent, async.lane, and async.errand by async.add_errand().
 */
#variable_conflict error
DECLARE
  removed BIGINT;
BEGIN
  DELETE FROM async.lane l
  WHERE l.ctid = ANY(ARRAY(
    SELECT o.ctid FROM async.lane o WHERE o.owner_id = ANY(_flow_ids) AND o.owner = 'flow' LIMIT _limit));
  GET DIAGNOSTICS removed = ROW_COUNT;
  IF removed < _limit THEN
    PERFORM async.add_errand(a.target_id, 'flow.forget_arguments', to_jsonb(a.flow_id))
    FROM flow.arguments_sent a JOIN async.target t ON t.target_id = a.target_id
    WHERE a.flow_id = ANY(_flow_ids);
    DELETE FROM flow.arguments_sent a WHERE a.flow_id = ANY(_flow_ids);
    DELETE FROM flow.restart x WHERE x.flow_id = ANY(_flow_ids);
    DELETE FROM flow.run_state s WHERE s.flow_id = ANY(_flow_ids);
    DELETE FROM flow.run r WHERE r.flow_id = ANY(_flow_ids);
  END IF;
END;
$$;
COMMENT ON FUNCTION flow.drop_runs(BIGINT[], INT) IS 'Engine: removes runs of which little is left';
