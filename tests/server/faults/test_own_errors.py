"""The orchestrator's own statements fail for a while, through nobody's fault: nothing that it was about to do
is given up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.faults import scene, steps
from tests.support.faults import Faults
from tests.support.wait import until

pytestmark = pytest.mark.long

STEPS = 200
TRIPWIRE = """
CREATE SEQUENCE work.trips;
CREATE TABLE work.tripwire();
CREATE FUNCTION work.trip() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM work.tripwire) THEN
    PERFORM nextval('work.trips');
    RAISE EXCEPTION 'tripped' USING ERRCODE = '{code}';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trip BEFORE INSERT ON {table} FOR EACH ROW EXECUTE PROCEDURE work.trip();
"""
TRIPPED = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END::INT FROM work.trips"


@pytest.mark.parametrize("target", ["self", "client"])
@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("flow.chunk", "53100"),
        ("flow.node_state", "53200"),
        ("flow.run_state", "40P01"),
        ("async.task", "58030"),
        ("async.result", "55P03"),
    ],
)
def test_nothing_is_given_up(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, table: str, code: str, target: str
) -> None:
    """It wants room or memory, deadlocks, waits too long for a lock, or cannot write: runs begin, steps are
    taken in and results are counted once it can."""
    where = steps.place(db, client_db, target)
    flow_id = scene.start(db, STEPS, target=target)
    scene.check_run(db, flow_id, STEPS, where)
    db.execute(TRIPWIRE.format(table=table, code=code))
    pushed = scene.push(db, "SELECT 1", target)
    flow_id = scene.start(db, STEPS, target=target)
    until(lambda: db.value(TRIPPED) >= 3, what="the orchestrator to have failed")
    faults.hit("statement of the orchestrator fails", db.value(TRIPPED))
    db.execute("INSERT INTO work.tripwire DEFAULT VALUES")
    if not orchestrator.is_running():
        orchestrator.start()
    scene.check_run(db, flow_id, STEPS, where, timeout=30)
    until(lambda: scene.unresolved(db, [pushed]) == 0, what="the task to end")
    scene.check_nothing_is_left(db, orchestrator, where)
