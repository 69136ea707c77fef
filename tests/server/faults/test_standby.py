"""A promoted standby takes over: its orchestrator takes every run up where the primary's left it, on a target
that saw them both."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.model import work
from tests.server.faults import scene, steps
from tests.support.database import Database
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.proxy import Proxy
from tests.support.standby import Standby, wait_for_no_standby
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

STEPS = 800


@pytest.fixture
def primary_db(near_db: Database, client_db: Database) -> Iterator[Database]:
    """The pgflow server, with the target ``far``."""
    scene.prepare(near_db, client_db)
    scene.add_target(near_db, target="far", connection_string=client_db.conninfo)
    yield near_db
    near_db.server.start()
    wait_for_no_standby(near_db.server)


@pytest.fixture
def link(primary_db: Any) -> Iterator[Proxy]:
    """The network between primary and standby."""
    made = Proxy(primary_db.server.host, primary_db.server.port)
    yield made
    made.close()


@pytest.fixture
def standby(primary_db: Any, link: Proxy) -> Iterator[Standby]:
    """A standby of the pgflow server, which streams."""
    made = Standby(primary_db.server, link.port)
    yield made
    made.close()


def take_over(standby: Standby, primary_db: Any, faults: Faults) -> tuple[Database, Orchestrator]:
    """Promote the standby and start an orchestrator in its copy of the primary's database."""
    standby.promote()
    faults.hit("standby promoted")
    database = Database(standby.server, primary_db.name)
    return database, Orchestrator(database).start()


def test_a_synchronous_standby_loses_nothing(
    primary_db: Any, client_db: Any, standby: Standby, faults: Faults, rng: random.Random
) -> None:
    """The primary is killed in mid-run, while all its work is on the target: each step takes effect once."""
    standby.make_synchronous()
    Orchestrator(primary_db).start()
    flow_id = scene.start(primary_db, STEPS, target="far", sleep=0.004)
    for number in scene.moments(rng, client_db, flow_id, STEPS, 1):
        print("killed after", number, "steps")
        primary_db.server.kill9()
        faults.hit("server killed")
    db, orchestrator = take_over(standby, primary_db, faults)
    scene.check_run(db, flow_id, STEPS, client_db)
    scene.check_run(db, scene.start(db, 100, target="far", name="later"), 100, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_it_loses_nothing_of_the_servers_own(
    primary_db: Any, client_db: Any, standby: Standby, faults: Faults, rng: random.Random
) -> None:
    """The same for steps in the server's own database, and when the orchestrator has been replaced before."""
    standby.make_synchronous()
    orchestrator = Orchestrator(primary_db).start()
    here = scene.start(primary_db, STEPS, sleep=0.002)
    there = scene.start(primary_db, STEPS, target="far", name="there", sleep=0.002)
    for number in scene.moments(rng, client_db, there, STEPS, 3):
        print("orchestrator replaced after", number, "steps")
        orchestrator.terminate()
        faults.hit("orchestrator terminated")
        orchestrator.start()
    primary_db.server.kill9()
    faults.hit("server killed")
    db, orchestrator = take_over(standby, primary_db, faults)
    scene.check_run(db, there, STEPS, client_db)
    scene.check_run(db, here, STEPS)
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_what_works_on_outlives_the_primary(
    primary_db: Any, client_db: Any, standby: Standby, faults: Faults
) -> None:
    """Callbacks that are running on the target when the primary dies go on there and count."""
    standby.make_synchronous()
    Orchestrator(primary_db).start()
    told = steps.numbered(4)
    with work.Gate(client_db) as gate:
        work.procedure(client_db, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        flow_id = steps.start(primary_db, "work.held", told, "far")
        until(lambda: gate.waiting() == 4, what="the steps to begin")
        primary_db.server.kill9()
        faults.hit("server killed")
        db, orchestrator = take_over(standby, primary_db, faults)
        scene.check_run(db, scene.start(db, 100, target="far"), 100, client_db)
        assert gate.waiting() == 4
    assert wait_run(db, flow_id, 30) == "FINISHED"
    ended = steps.check_all_once(db, client_db, flow_id, told)
    assert {result.attempts for result in ended.values()} == {1}
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.mark.parametrize("primary", ["killed", "alive"])
def test_an_asynchronous_standby_lags_behind(
    primary_db: Any,
    client_db: Any,
    standby: Standby,
    link: Proxy,
    faults: Faults,
    rng: random.Random,
    primary: str,
) -> None:
    """What it had received is done exactly once, the rest at least once; ids that the primary used after that
    are not taken for its own; and a primary that does not know that it was replaced runs nothing more."""
    old = Orchestrator(primary_db).start()
    flow_id = scene.start(primary_db, STEPS, target="far", sleep=0.004)
    for _ in scene.moments(rng, client_db, flow_id, STEPS // 3, 1):
        known = finished(primary_db, flow_id)
        standby.catch_up()
        link.pause()
        faults.hit("network stalled")
        for _ in range(3):  # epochs that the standby never hears of
            old.terminate()
            faults.hit("orchestrator terminated")
            old.start()
        scene.reach(client_db, flow_id, len(known) + STEPS // 4)
    if primary == "killed":
        primary_db.server.kill9()
        faults.hit("server killed")
    db, orchestrator = take_over(standby, primary_db, faults)
    if primary == "alive":
        until(lambda: not old.is_running(), what="the old primary's orchestrator to end")
    assert wait_run(db, flow_id, 120) == "FINISHED"
    found = steps.effects(client_db, flow_id)
    assert found.keys() == {None, *(str(n) for n in range(1, STEPS + 1))}, "lost, or nobody asked for it"
    twice = {step for step, count in found.items() if count > 1}
    assert not twice & known, f"done again although it was known to be done: {twice & known}"
    assert max(found.values()) <= 2
    print("known:", len(known), "done again, having been unknown:", len(twice))
    epochs = client_db.execute("SELECT epoch, token FROM async.fence ORDER BY epoch DESC LIMIT 1")
    assert epochs == db.execute("SELECT epoch, token FROM async.epoch ORDER BY epoch DESC LIMIT 1")
    scene.check_run(db, scene.start(db, 100, target="far", name="later"), 100, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


def finished(db: Any, flow_id: int) -> set[str]:
    """The steps that the server knows to be finished."""
    return {step for step, result in steps.ended(db, flow_id).items() if result.status == "FINISHED"}


def end_our_sessions(where: Any) -> int:
    """End all of the engine's sessions in a database; return how many there were."""
    ours = "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pgflow%'"
    ended = int(where.value(f"SELECT count(pg_terminate_backend(pid))::INT {ours}"))
    until(lambda: where.value(f"SELECT count(*)::INT {ours}") == 0, what="its sessions to be gone")
    return ended


@pytest.mark.parametrize("connections", ["kept", "cut"])
def test_the_old_primary_does_no_harm(
    primary_db: Any, client_db: Any, standby: Standby, link: Proxy, faults: Faults, connections: str
) -> None:
    """It does not know that it was replaced, and has its own runs to begin: none of their steps is done by
    it on the target, even where it connects anew, and what the new primary's runs are told is theirs."""
    old = Orchestrator(primary_db).start()
    scene.check_run(primary_db, scene.start(primary_db, 100, target="far"), 100, client_db)
    standby.catch_up()
    link.pause()
    faults.hit("network stalled")
    work.procedure(client_db, "told", "INSERT INTO work.told VALUES ((_args).flow_arguments ->> 'by');")
    client_db.execute("CREATE TABLE work.told(by TEXT)")
    one = {"nodes": [{"node": "a", "target": "far", "routine": "work.told"}]}
    work.configure(primary_db, "told", one)
    lost = work.run(primary_db, "told", {"by": "the old primary, before"})
    assert wait_run(primary_db, lost) == "FINISHED"
    db, orchestrator = take_over(standby, primary_db, faults)
    work.configure(db, "told", one)
    new = work.run(db, "told", {"by": "the new primary"})
    assert wait_run(db, new) == "FINISHED"
    if connections == "cut":
        faults.hit("session terminated", end_our_sessions(client_db))
    late = work.run(primary_db, "told", {"by": "the old primary, after"})
    until(lambda: not old.is_running(), what="the old primary's orchestrator to end")
    newer = work.run(db, "told", {"by": "the new primary"})
    assert wait_run(db, newer) == "FINISHED"
    by = [name for (name,) in client_db.execute("SELECT by FROM work.told")]
    assert sorted(by) == ["the new primary"] * 2 + ["the old primary, before"]
    assert scene.is_open(primary_db, late)
    scene.check_nothing_is_left(db, orchestrator, client_db)
