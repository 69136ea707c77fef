"""The orchestrator dies, fails or is replaced at each commit boundary of its loop, with every kind of task
under way: each run ends as it should, and each step that does not commit by itself takes effect once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.model import work
from tests.server.faults import scene
from tests.server.faults.mixture import Mixture
from tests.server.faults.sabotage import change, rotate_after
from tests.support.boundary import Boundary
from tests.support.consistency import check_consistency
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

AT_START = ("seized", "reigning", "begun", "registered", "opened", "trimmed", "forgotten")
"""Boundaries that an orchestrator comes to when it starts, here by taking over from another by force."""
UNDER_WAY = ("reaped", "answered", "asked", "rotated", "worked", "committed", "sending", "sent", "resting")
"""Those that it comes to again and again."""
STOPPING = ("stopping",)
"""Those that it comes to when it is told to stop."""


Way = Callable[[Any, Orchestrator, Boundary], None]
"""What happens to an orchestrator that stands at a boundary. It may have ended afterwards."""


def terminated(db: Any, victim: Orchestrator, boundary: Boundary) -> None:
    victim.terminate()
    boundary.open()


def killed(db: Any, victim: Orchestrator, boundary: Boundary) -> None:
    """SIGKILL, which has PostgreSQL end all sessions."""
    victim.kill9()
    boundary.open()


def canceled(db: Any, victim: Orchestrator, boundary: Boundary) -> None:
    """What it was at is interrupted; it ends or goes on."""
    assert db.value("SELECT pg_cancel_backend(%s)", [victim.pid])
    boundary.open()


def failing(db: Any, victim: Orchestrator, boundary: Boundary) -> None:
    """What it was at raises an error, for it waits no longer than its lock_timeout; it ends or goes on."""
    logged = "SELECT EXISTS (SELECT FROM async.log_entry WHERE message LIKE '%%lock timeout%%')"
    until(lambda: not victim.is_running() or db.value(logged), what="it to fail")
    boundary.open()


def replaced(db: Any, victim: Orchestrator, boundary: Boundary) -> None:
    """Another takes over by force."""
    follower = Orchestrator(db, force=True).start()
    victim.join()
    boundary.open()
    follower.terminate()


def outlived(db: Any, victim: Orchestrator, boundary: Boundary) -> None:
    """Another takes over that does not see it, since it takes another lock; then it goes on: one of them
    finds that it was replaced, and ends."""
    mutex = db.value("SELECT advisory_mutex_id FROM async.control")
    db.execute("SELECT async.configure(%s)", [Jsonb({"control": {"advisory_mutex_id": mutex + 1}})])
    follower = Orchestrator(db).launch()
    blocked = "SELECT %s = ANY(pg_blocking_pids(%s))"
    until(
        lambda: follower.works() or db.value(blocked, [victim.pid, follower.pid]),
        what="the other to have taken over, or to wait",
    )
    boundary.open()
    until(lambda: follower.is_running() + victim.is_running() == 1, what="one of them to end")
    assert victim.error is None
    assert follower.error is None
    for one in (victim, follower):
        if one.is_running():
            one.terminate()


WAYS: dict[str, Way] = {
    way.__name__: way for way in (terminated, killed, canceled, failing, replaced, outlived)
}


def start_there(
    db: Any, boundary: Boundary, name: str, options: str, mixture: Mixture, rng: random.Random
) -> Orchestrator:
    """Return an orchestrator that stands at the boundary, with work under way."""
    mixture.begin()
    victim = Orchestrator(db, force=True, options=f"{boundary.options} {options}")
    threshold = mixture.done() + rng.randrange(12)
    first = Orchestrator(db) if name in AT_START else victim
    first.start()
    until(lambda: mixture.done() >= threshold, what="some steps to be done")
    mixture.stir()
    boundary.close()
    if name in AT_START:
        victim.launch()
    elif name in STOPPING:
        db.execute("SELECT async.stop()")
    until(lambda: boundary.has_stopped(victim), what=f"the orchestrator to stand where it has {name}")
    return victim


def end_long_ago(db: Any, number: int) -> list[int]:
    """Return so many runs that ended a year ago, so that maintenance removes them."""
    work.configure(db, "old", {"nodes": [{"node": "a", "target": "self", "routine": "work.run"}]})
    runs = [work.run(db, "old") for _ in range(number)]
    orchestrator = Orchestrator(db).start()
    for flow_id in runs:
        wait_run(db, flow_id)
    orchestrator.stop()
    for table, moment in (("flow.run", "requested"), ("flow.run_state", "changed")):
        db.execute(
            f"UPDATE {table} SET {moment} = {moment} - INTERVAL '1 year' WHERE flow_id = ANY(%s)", (runs,)
        )
    return runs


@pytest.mark.parametrize("name", [*AT_START, *UNDER_WAY, *STOPPING])
def test_boundary(
    db: Any, client_db: Any, late_db: Any, faults: Faults, rng: random.Random, name: str
) -> None:
    mixture = Mixture(db, client_db, late_db)
    boundary = Boundary(db, name)
    old = end_long_ago(db, 30) if name == "forgotten" else []
    change(db, *rotate_after(10))
    db.execute("SELECT async.configure(%s)", [Jsonb({"control": {"light_maintenance_sleep": "20 ms"}})])
    ways = rng.sample(list(WAYS), len(WAYS))
    print("ways:", *ways)
    for way in ways:
        options = "-c lock_timeout=100ms" if way == "failing" else ""
        victim = start_there(db, boundary, name, options, mixture, rng)
        WAYS[way](db, victim, boundary)
        faults.hit(f"orchestrator {way} at a boundary")
        for place in mixture.everywhere:
            scene.reachable(place)
        if victim.is_running():
            victim.terminate()
        check_consistency(db)
    orchestrator = Orchestrator(db).start()
    mixture.check()
    kept = "SELECT count(*)::INT FROM flow.run WHERE flow_id = ANY(%s)"
    until(lambda: db.value(kept, (old,)) == 0, what="old runs to be removed")
    scene.check_nothing_is_left(db, orchestrator, client_db, late_db)


def test_nobody_else_can_stop_it(db: Any, orchestrator: Orchestrator) -> None:
    """Not a role without rights, whatever it sets and locks."""
    role = f"{db.name}_nobody"
    db.execute(f"CREATE ROLE {role} LOGIN")
    try:
        with db.connect(user=role) as session:
            for place in [*AT_START, *UNDER_WAY, *STOPPING]:
                session.execute(f"SET pgflow.stop_at = '{place}'")
            session.execute("SELECT pg_advisory_lock(1885759283, 0)")
            orchestrator.stop()
            orchestrator.start()
            scene.prepare(db)
            scene.check_run(db, scene.start(db, 20), 20)
            scene.check_nothing_is_left(db, orchestrator)
    finally:
        db.execute(f"DROP ROLE {role}")
