CREATE OR REPLACE FUNCTION async.order_revocation(
  _s async.loop_t,
  _slot INT,
  _task_ids BIGINT[],
  _cancel BOOL,
  _waiting BOOL DEFAULT false) RETURNS async.loop_t LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS
$$
/*
 * Adds to the next exchange with a slot's target: revoke tasks of its batch. Until it is answered the slot gets
 * nothing new.
 *
 * _s: state of the orchestrator, returned as it is then; _slot: index into _s.slots; _task_ids: the tasks; _cancel:
 * interrupt the session too; _waiting: only those that it has not begun.
 */
#variable_conflict error
DECLARE
  slots async.slot_t[] := _s.slots;
  slot async.slot_t := slots[_slot];
  targets async.target_state_t[] := _s.targets;
  this_target async.target_state_t;
BEGIN
  slot.revoking := true;
  slot.interrupted := slot.interrupted OR _cancel;
  slots[_slot] := slot;
  FOR i IN 1..cardinality(targets) LOOP
    this_target := targets[i];
    CONTINUE WHEN this_target.target_id <> slot.target_id;
    this_target.revocations := coalesce(this_target.revocations, '[]') || jsonb_build_object(
      'ring', slot.ring, 'epoch', slot.epoch, 'batch_id', slot.batch_id, 'tasks', _task_ids,
      'pid', slot.pid, 'start', slot.backend_start, 'cancel', _cancel, 'waiting', _waiting);
    this_target.next_exchange := '-infinity';
    targets[i] := this_target;
  END LOOP;
  _s.slots := slots;
  _s.targets := targets;
  RETURN _s;
END;
$$;
COMMENT ON FUNCTION async.order_revocation(async.loop_t, INT, BIGINT[], BOOL, BOOL) IS
  'Engine: has a target revoke tasks at the next exchange';
