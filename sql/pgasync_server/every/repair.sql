CREATE OR REPLACE FUNCTION async.repair(_s async.loop_t) RETURNS async.loop_t LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Brings the state of a cycle that was undone in line with the connections that are left, for those are not undone:
 * slots and targets whose connection was closed meanwhile are lost.
 *
 * _s: state of the orchestrator, returned as it is then.
 * Writes async.log_entry.
 */
#variable_conflict error
DECLARE
  open TEXT[] := coalesce(async.dblink_connections(), '{}');
  slots async.slot_t[] := _s.slots;
BEGIN
  FOR i IN 1..coalesce(cardinality(slots), 0) LOOP
    IF slots[i].connection IS NOT NULL AND NOT slots[i].connection = ANY(open) THEN
      slots[i] := async.lose_slot(slots[i]);
    END IF;
  END LOOP;
  _s.slots := ARRAY(SELECT x FROM unnest(slots) x WHERE x.state <> 'closed');
  FOR i IN 1..coalesce(cardinality(_s.targets), 0) LOOP
    IF (_s.targets)[i].state = 'up' AND NOT 'pgflow_control_' || (_s.targets)[i].target_id = ANY(open)
       OR (_s.targets)[i].state = 'probing' AND NOT 'pgflow_helper_' || (_s.targets)[i].target_id = ANY(open) THEN
      _s := async.lose_target(_s, i, 'an error of the orchestrator');
    END IF;
  END LOOP;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.repair(async.loop_t) IS
  'Engine: brings the state of an undone cycle in line with the connections';
