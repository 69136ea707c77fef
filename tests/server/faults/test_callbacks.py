"""Callbacks that end their own session, are cancelled by somebody, or are changed while they run."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.model import work
from tests.server.faults import scene, steps
from tests.support.faults import Faults
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long


@pytest.fixture(params=["self", "client"])
def there(request: Any) -> str:
    """The target of the steps."""
    return str(request.param)


@pytest.fixture
def where(db: Any, client_db: Any, there: str) -> Any:
    """The database in which they run."""
    return steps.place(db, client_db, there)


DIES = """
CALL work.run(_args);
IF coalesce((_args).step_arguments ->> 'dies' = 'true', false)
  AND nextval('work.tries_' || ((_args).step_arguments ->> 'step')) <= {times}
THEN
  PERFORM pg_terminate_backend(pg_backend_pid());
  PERFORM pg_sleep(10);
END IF;
"""


def prepare_dying(where: Any, told: list[dict[str, Any]], times: int) -> None:
    """Make the callback ``work.dies``, whose first ``times`` tries of a step told to die do."""
    for step in told:
        if step.get("dies"):
            where.execute(f"CREATE SEQUENCE work.tries_{step['step']}")
    work.procedure(where, "dies", DIES.format(times=times))


def test_they_end_their_own_session(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults
) -> None:
    """Twenty of 400 steps do, the first time: each takes effect once, and their mates in the batch do."""
    told = [step | {"dies": n % 20 == 7} for n, step in enumerate(steps.numbered(400))]
    prepare_dying(where, told, 1)
    flow_id = steps.start(db, "work.dies", told, there)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.check_all_once(db, where, flow_id, told)
    dying = {step["step"] for step in told if step["dies"]}
    faults.hit("callback ends its session", len(dying))
    assert {step for step, result in ended.items() if result.attempts == 2} == dying
    scene.check_nothing_is_left(db, orchestrator, where)


def test_they_end_their_own_session_where_that_is_a_failure(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults
) -> None:
    """With on_interrupt = fail those have failed at once and left nothing; their mates are none the worse."""
    told = [step | {"dies": n % 20 == 7} for n, step in enumerate(steps.numbered(400))]
    prepare_dying(where, told, 1)
    flow_id = steps.start(db, "work.dies", told, there, on_interrupt="fail")
    assert wait_run(db, flow_id, 30) == "FINISHED"
    dying = {step["step"] for step in told if step["dies"]}
    faults.hit("callback ends its session", len(dying))
    ended = steps.ended(db, flow_id)
    assert {step for step, result in ended.items() if result.status != "FINISHED"} == dying
    assert {ended[step].status for step in dying} == {"FAILED"}
    steps.check_once(where, flow_id, {step["step"] for step in told} - dying)
    scene.check_nothing_is_left(db, orchestrator, where)


def test_one_that_always_ends_its_session_can_be_canceled(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults
) -> None:
    """It is tried again and again, holds nothing else up, and a cancel is the end of it."""
    told = [{"step": "1", "dies": True}, *steps.numbered(20)[1:]]
    prepare_dying(where, told, 10**6)
    flow_id = steps.start(db, "work.dies", told, there)
    tried = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM work.tries_1"
    until(lambda: where.value(tried) == 2, what="the step to be tried again")
    faults.hit("callback ends its session", 2)
    assert {step for step, result in steps.ended(db, flow_id).items() if result.status == "FINISHED"} == {
        step["step"] for step in told[1:]
    }
    db.execute("SELECT flow.cancel(%s)", (flow_id,))
    assert wait_run(db, flow_id, 10) == "CANCELED"
    until(lambda: len(steps.ended(db, flow_id)) == len(told), what="every step to be resolved")
    assert steps.ended(db, flow_id)["1"].status == "CANCELED"
    steps.check_once(where, flow_id, {step["step"] for step in told[1:]})
    scene.check_nothing_is_left(db, orchestrator, where)


def test_somebody_cancels_them(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """pg_cancel_backend on whatever works there, 100 times: to the step that it hits it is a failure, which
    it is granted retries for; each takes effect once."""
    steps_ = 1500
    flow_id = scene.start(
        db, steps_, target=there, sleep=0.002, retries=50, retry_delay="10 ms", retry_backoff=1
    )
    scene.reach(where, flow_id, 2)
    hits = 0
    while hits < 100 and scene.count(where, flow_id) < 0.9 * steps_:
        hits += scene.signal_sessions(where, rng, 1, "pg_cancel_backend")
        time.sleep(rng.uniform(0, 0.01))
    faults.hit("session cancelled", hits)
    assert hits >= 30, "hardly anything was hit"
    scene.check_run(db, flow_id, steps_, where)
    recorded = db.value("SELECT count(*)::INT FROM async.attempt WHERE sqlstate = '57014'")
    assert recorded > 0, "no step was hit"
    scene.check_nothing_is_left(db, orchestrator, where)


@contextmanager
def again_and_again(where: Any, *transactions: str) -> Iterator[list[int]]:
    """Carry the transactions out by turns in another session; the list grows by one for each success."""
    done: list[int] = []
    over = threading.Event()

    def change() -> None:
        with where.connect() as session:
            while not over.is_set():
                for transaction in transactions:
                    try:
                        session.execute(transaction)
                        done.append(1)
                    except psycopg.errors.InternalError_ as error:
                        if "tuple concurrently updated" not in str(error):
                            raise
                    time.sleep(0.005)

    changing = threading.Thread(target=change, daemon=True)
    changing.start()
    try:
        yield done
    finally:
        over.set()
        changing.join(30)
        assert not changing.is_alive()


VERSION = """
CREATE PROCEDURE work.changing(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
BEGIN
  CALL work.run(_args);
  INSERT INTO work.version VALUES ((_args).step_arguments ->> 'step', {number});
END
$$;
"""
WHILE_CHANGING: dict[str, Any] = {
    "retries": 1000,
    "retry_delay": "5 ms",
    "retry_backoff": 1,
    "retry_on": ["42", "XX"],
}
"""What PostgreSQL says of a routine that has just been replaced is no fault of the step."""


@pytest.mark.parametrize("how", ["dropped", "replaced"])
def test_they_are_changed_while_they_are_used(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults, how: str
) -> None:
    """The routine is made anew all the time, in one transaction: each step takes effect once, by one version
    or the other, and both had their turn."""
    where.execute("CREATE TABLE work.version(step TEXT, number INT)")
    where.execute(VERSION.format(number=0))
    drop = "DROP PROCEDURE work.changing(flow.callback_arguments_t);"
    versions = [VERSION.format(number=number) for number in (1, 2)]
    if how == "dropped":
        versions = [drop + version for version in versions]
    else:
        versions = [version.replace("CREATE", "CREATE OR REPLACE", 1) for version in versions]
    told = steps.numbered(600)
    with again_and_again(where, *versions) as changes:
        until(lambda: len(changes) > 1, what="the routine to be changed")
        flow_id = steps.start(db, "work.changing", told, there, **WHILE_CHANGING)
        assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.check_all_once(db, where, flow_id, told)
    print("changes:", len(changes), "more tries:", sum(result.attempts - 1 for result in ended.values()))
    faults.hit("callback is replaced under way", sum(result.attempts - 1 for result in ended.values()))
    found = where.execute("SELECT step, count(*)::INT, min(number) FROM work.version GROUP BY 1")
    assert {count for _, count, _ in found} == {1}
    assert {number for _, _, number in found} >= {1, 2}
    scene.check_nothing_is_left(db, orchestrator, where)


def test_a_table_is_dropped_while_it_is_used(
    db: Any, where: Any, there: str, orchestrator: Any, faults: Faults
) -> None:
    """Some of the steps drop and make anew what all of them write to: those that come too late are tried
    again, and each takes effect once."""
    where.execute("CREATE TABLE work.used(step TEXT)")
    work.procedure(
        where,
        "uses",
        """IF (_args).step_arguments ->> 'drops' = 'true' THEN
             DROP TABLE work.used;
             CREATE TABLE work.used(step TEXT);
           END IF;
           INSERT INTO work.used SELECT (_args).step_arguments ->> 'step';
           CALL work.run(_args);""",
    )
    told = [step | {"drops": n % 20 == 10} for n, step in enumerate(steps.numbered(600))]
    flow_id = steps.start(db, "work.uses", told, there, **WHILE_CHANGING)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.check_all_once(db, where, flow_id, told)
    print("more tries:", sum(result.attempts - 1 for result in ended.values()))
    faults.hit("callback finds its table gone", sum(result.attempts - 1 for result in ended.values()))
    scene.check_nothing_is_left(db, orchestrator, where)


def test_a_table_is_gone_for_good(db: Any, where: Any, there: str, orchestrator: Any, faults: Faults) -> None:
    """One step drops what others write to: what came before has finished, what came later has failed, and
    the run ends."""
    where.execute("CREATE TABLE work.used(step TEXT)")
    work.procedure(
        where,
        "uses",
        """IF (_args).step_arguments ->> 'drops' = 'true' THEN
             DROP TABLE work.used;
           ELSE
             INSERT INTO work.used SELECT (_args).step_arguments ->> 'step';
           END IF;
           CALL work.run(_args);""",
    )
    told = [step | {"drops": n == 200} for n, step in enumerate(steps.numbered(600))]
    flow_id = steps.start(db, "work.uses", told, there)
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.ended(db, flow_id)
    assert len(ended) == len(told)
    failed = {step: result for step, result in ended.items() if result.status != "FINISHED"}
    assert failed, "nothing came too late"
    faults.hit("callback finds its table gone", len(failed))
    assert {result.status for result in failed.values()} == {"FAILED"}
    assert {result.sqlstate for result in failed.values()} <= {"42P01", "XX000"}
    assert ended["201"].status == "FINISHED"
    steps.check_once(where, flow_id, ended.keys() - failed.keys())
    scene.check_nothing_is_left(db, orchestrator, where)
