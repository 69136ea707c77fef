"""Faults at instants that gates hold fast: what is done, and what must be so when it is over.

Each is tried on the engine as it is (test_scenarios.py), and on engines that are broken on purpose, where it
must fail (test_broken_engines.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.model import work
from tests.server.faults import sabotage, scene, steps
from tests.support.consistency import check_consistency, check_no_session_is_left
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run

END_SESSIONS = """
SELECT count(pg_terminate_backend(a.pid))::INT
FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' AND NOT l.granted
WHERE a.datname = %s AND a.application_name LIKE 'pgflow slot%%'
"""


@dataclass
class Stage:
    """Where a scenario takes place."""

    db: Any
    """The server."""
    where: Any
    """The database in which its callbacks run."""
    target: str
    """The name of that."""
    orchestrator: Orchestrator
    """Not started yet."""
    faults: Faults
    patience: float = 30
    """Seconds after which a run that has not ended is stuck."""

    def restart(self) -> None:
        """End the orchestrator, and start another one."""
        self.orchestrator.terminate()
        self.faults.hit("orchestrator terminated")
        self.orchestrator.start()

    def end_sessions(self, number: int) -> None:
        """End the sessions that wait at a gate, of which there are ``number``."""
        ended = self.where.value(END_SESSIONS, (self.where.name,))
        assert ended == number, f"{ended} sessions were there to be ended"
        self.faults.hit("session terminated", number)

    def check(self, flow_id: int, told: list[dict[str, Any]]) -> dict[str, steps.Ended]:
        """The run ends well; once all sessions have ended, each step has taken effect once."""
        assert wait_run(self.db, flow_id, self.patience) == "FINISHED"
        self.orchestrator.stop()
        check_no_session_is_left(self.where)
        ended = steps.check_all_once(self.db, self.where, flow_id, told)
        scene.check_nothing_is_left(self.db, self.orchestrator, self.where)
        return ended


Scenario = Callable[[Stage], None]

HELD = "PERFORM work.gate(1); CALL work.run(_args);"


def a_session_is_ended_in_mid_task(stage: Stage) -> None:
    """Its step runs again, and has taken effect once."""
    told = steps.numbered(1)
    with work.Gate(stage.where) as gate:
        work.procedure(stage.where, "held", HELD)
        stage.orchestrator.start()
        flow_id = steps.start(stage.db, "work.held", told, stage.target)
        until(lambda: gate.waiting() == 1, what="the step to begin")
        stage.end_sessions(1)
        until(lambda: gate.waiting() == 0, what="its session to be gone")
    assert stage.check(flow_id, told)["1"].attempts == 2


RECEIPTS_WAIT = """
CREATE FUNCTION work.wait_with_receipt() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  PERFORM work.gate(1);
  RETURN NEW;
END $$;
CREATE TRIGGER wait BEFORE INSERT ON async.receipt_0
  FOR EACH ROW WHEN (NEW.ended IS NOT NULL) EXECUTE PROCEDURE work.wait_with_receipt();
CREATE TRIGGER wait BEFORE INSERT ON async.receipt_1
  FOR EACH ROW WHEN (NEW.ended IS NOT NULL) EXECUTE PROCEDURE work.wait_with_receipt();
"""


def a_session_is_ended_at_its_receipt(stage: Stage) -> None:
    """The work is done, and is undone: the step runs again, and has taken effect once."""
    told = steps.numbered(1)
    with work.Gate(stage.where) as gate:
        stage.where.execute(RECEIPTS_WAIT)
        stage.orchestrator.start()
        flow_id = steps.start(stage.db, "work.run", told, stage.target)
        until(lambda: gate.waiting() == 1, what="the receipt to be written")
        stage.end_sessions(1)
        until(lambda: gate.waiting() == 0, what="its session to be gone")
    assert stage.check(flow_id, told)["1"].attempts == 2


STUBBORN = """
IF nextval('work.tries') = 1 THEN
  BEGIN
    PERFORM work.gate(1);
  EXCEPTION WHEN query_canceled THEN NULL;
  END;
END IF;
CALL work.run(_args);
"""


def a_callback_ignores_that_its_time_is_up(stage: Stage) -> None:
    """It is interrupted, goes on and returns: what it did is undone, its next try counts."""
    told = steps.numbered(1)
    stage.where.execute("CREATE SEQUENCE work.tries")
    with work.Gate(stage.where):
        work.procedure(stage.where, "stubborn", STUBBORN)
        stage.orchestrator.start()
        patient = {"step_timeout": "300 ms", "retries": 1, "retry_delay": "10 ms"}
        flow_id = steps.start(stage.db, "work.stubborn", told, stage.target, **patient)
        until(lambda: stage.where.value("SELECT last_value = 2 FROM work.tries"), what="a second try")
        stage.faults.hit("callback ignores its cancel")
    assert stage.check(flow_id, told)["1"].attempts == 2


def callbacks_outlive_the_orchestrator(stage: Stage) -> None:
    """They go on undisturbed while another one takes over, and count."""
    told = steps.numbered(4)
    with work.Gate(stage.where) as gate:
        work.procedure(stage.where, "held", HELD)
        stage.orchestrator.start()
        flow_id = steps.start(stage.db, "work.held", told, stage.target)
        until(lambda: gate.waiting() == 4, what="the steps to begin")
        stage.restart()
        scene.check_run(stage.db, scene.start(stage.db, 20, target=stage.target), 20, stage.where)
    assert {result.attempts for result in stage.check(flow_id, told).values()} == {1}


def callbacks_end_while_there_is_no_orchestrator(stage: Stage) -> None:
    """The next one learns of all of them at once, and counts each."""
    told = steps.numbered(4)
    with work.Gate(stage.where) as gate:
        work.procedure(stage.where, "held", HELD)
        stage.orchestrator.start()
        flow_id = steps.start(stage.db, "work.held", told, stage.target)
        until(lambda: gate.waiting() == 4, what="the steps to begin")
        stage.orchestrator.terminate()
        stage.faults.hit("orchestrator terminated")
    until(lambda: work.count(stage.where, flow_id) == 4, what="the steps to end")
    check_no_session_is_left(stage.where)
    stage.orchestrator.start()
    assert {result.attempts for result in stage.check(flow_id, told).values()} == {1}


SECOND_HELD = """
IF (_args).step_arguments ->> 'step' = '2' THEN
  PERFORM work.gate(1);
END IF;
CALL work.run(_args);
"""


def the_orchestrator_is_replaced_between_two_steps(stage: Stage) -> None:
    """One of two steps has ended and been counted, the other has not: its node has not ended."""
    told = steps.numbered(2)
    with work.Gate(stage.where) as gate:
        work.procedure(stage.where, "second_held", SECOND_HELD)
        stage.orchestrator.start()
        flow_id = steps.start(stage.db, "work.second_held", told, stage.target)
        until(lambda: gate.waiting() == 1, what="the second step to begin")
        until(lambda: "1" in steps.ended(stage.db, flow_id), what="the first step to end")
        stage.restart()
        check_consistency(stage.db)
        assert scene.is_open(stage.db, flow_id), "the run has ended before its last step"
    assert {result.attempts for result in stage.check(flow_id, told).values()} == {1}


REVOCATIONS_WAIT = """
CREATE TABLE work.may_revoke();
CREATE SEQUENCE work.revocations;
CREATE FUNCTION work.wait_with_revocation() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  PERFORM nextval('work.revocations');
  WHILE NOT EXISTS (SELECT FROM work.may_revoke) LOOP
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN NEW;
END $$;
CREATE TRIGGER wait BEFORE INSERT ON async.receipt_0
  FOR EACH ROW WHEN (NEW.ended IS NULL) EXECUTE PROCEDURE work.wait_with_revocation();
CREATE TRIGGER wait BEFORE INSERT ON async.receipt_1
  FOR EACH ROW WHEN (NEW.ended IS NULL) EXECUTE PROCEDURE work.wait_with_revocation();
"""
COMMITS = """
IF (_args).step_arguments ->> 'step' = '1' THEN
  PERFORM work.gate(1);
  CALL work.run(_args);
ELSE
  CALL work.run(_args);
  COMMIT;
  PERFORM work.gate(2);
END IF;
"""


def what_waits_behind_a_slow_step_is_taken_back(stage: Stage) -> None:
    """While the revocation of what it has not begun is being written, the session is done with the slow step.
    The next one commits by itself: were it begun now, it would be done twice although nothing died."""
    told = steps.numbered(3)
    sabotage.change(stage.db, sabotage.BATCHES_OF_TEN, sabotage.FIRST_BATCH_TOO)
    sabotage.change(stage.where, sabotage.PATIENT_BATCHES)
    stage.where.execute(REVOCATIONS_WAIT)
    scene.add_target(stage.db, target="narrow", connection_string=stage.where.conninfo, max_concurrency=1)
    with work.Gate(stage.where, 2) as second, work.Gate(stage.where, 1) as first:
        work.procedure(stage.where, "commits", COMMITS)
        stage.orchestrator.start()
        flow_id = steps.start(stage.db, "work.commits", told, "narrow")
        until(lambda: first.waiting() == 1, what="the slow step to begin")
        revoking = "SELECT is_called FROM work.revocations"
        until(lambda: stage.where.value(revoking), what="the others to be taken back")
        stage.faults.hit("step held up")
        first.open()
        held = "SELECT EXISTS (SELECT FROM pg_locks WHERE classid = 1885759282 AND NOT granted)"
        until(lambda: second.waiting() == 1 or stage.where.value(held), what="the session to go on")
        stage.where.execute("INSERT INTO work.may_revoke DEFAULT VALUES")
        revoked = """SELECT count(*) > 0 FROM (SELECT ended FROM async.receipt_0
                     UNION ALL SELECT ended FROM async.receipt_1) AS r WHERE ended IS NULL"""
        until(lambda: stage.where.value(revoked), what="the revocation to be written")
    assert {result.attempts for result in stage.check(flow_id, told).values()} == {1}


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


def statements_of_the_orchestrator_fail(stage: Stage, table: str, code: str) -> None:
    """It cannot write to the table for a while: a task is pushed, a run begins, steps are taken in, results
    are counted once it can."""
    db, where, target = stage.db, stage.where, stage.target
    stage.orchestrator.start()
    scene.check_run(db, scene.start(db, 20, target=target), 20, where)
    db.execute(TRIPWIRE.format(table=table, code=code))
    pushed = scene.push(db, "SELECT 1", target)
    flow_id = scene.start(db, 200, target=target)
    until(lambda: db.value(TRIPPED) >= 2, what="the orchestrator to have failed, and failed again")
    stage.faults.hit("statement of the orchestrator fails", db.value(TRIPPED))
    db.execute("INSERT INTO work.tripwire DEFAULT VALUES")
    if not stage.orchestrator.is_running():
        stage.orchestrator.start()
    scene.check_run(db, flow_id, 200, where, timeout=stage.patience)
    until(lambda: scene.unresolved(db, [pushed]) == 0, what="the task to end")
    scene.check_nothing_is_left(db, stage.orchestrator, where)


def the_orchestrator_has_no_room(stage: Stage) -> None:
    """Steps that are pushed meanwhile are taken in once there is some."""
    statements_of_the_orchestrator_fail(stage, "flow.chunk", "53100")


SCENARIOS: tuple[Scenario, ...] = (
    a_session_is_ended_in_mid_task,
    a_session_is_ended_at_its_receipt,
    a_callback_ignores_that_its_time_is_up,
    callbacks_outlive_the_orchestrator,
    callbacks_end_while_there_is_no_orchestrator,
    the_orchestrator_is_replaced_between_two_steps,
    what_waits_behind_a_slow_step_is_taken_back,
    the_orchestrator_has_no_room,
)
