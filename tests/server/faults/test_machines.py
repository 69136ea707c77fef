"""The server, a target or the network between them dies or stalls in mid-run: each step takes effect once."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.model import work
from tests.server.faults import scene
from tests.support.database import Database, conninfo_by_way_of
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.proxy import Proxy
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

STEPS = 1000
DOWN = 20 if os.environ.get("PGFLOW_LONG") else 3
"""Seconds that a machine is away."""


@pytest.fixture
def proxy(client_db: Any) -> Iterator[Proxy]:
    """The network between the server and ``client_db``."""
    made = Proxy(client_db.server.host, client_db.server.port)
    yield made
    made.close()


@pytest.fixture
def by_proxy(db: Any, client_db: Any, proxy: Proxy) -> str:
    """The target ``far``: ``client_db`` by way of the proxy."""
    scene.prepare(db, client_db)
    scene.add_target(db, target="far", connection_string=conninfo_by_way_of(client_db.conninfo, proxy.port))
    return "far"


def revive(db: Database) -> None:
    """Bring the killed server of ``db`` up again."""
    db.server.start()
    scene.reachable(db)


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_target_is_away_for_a_while(
    db: Any, far_db: Any, orchestrator: Any, faults: Faults, rng: random.Random, how: str
) -> None:
    """Meanwhile what runs elsewhere goes on; once it is back its run goes on by itself."""
    scene.prepare(db, far_db)
    scene.add_target(db, target="far", connection_string=far_db.conninfo)
    flow_id = scene.start(db, STEPS, target="far", sleep=0.002)
    for _ in scene.moments(rng, far_db, flow_id, STEPS // 2, 1):
        if how == "killed":
            far_db.server.kill9()
        else:
            far_db.server.shut_down()
        faults.hit(f"target {how}")
        gone = time.monotonic()
        scene.check_run(db, scene.start(db, STEPS, name="elsewhere"), STEPS, timeout=60)
        assert scene.is_open(db, flow_id)
        time.sleep(max(0.0, gone + DOWN - time.monotonic()))
        revive(far_db)
    scene.check_run(db, flow_id, STEPS, far_db)
    assert far_db.value("SELECT async.server()") is None, "the client knows a way back"
    scene.check_nothing_is_left(db, orchestrator, far_db)


def test_a_target_is_killed_again_and_again(
    db: Any, far_db: Any, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    scene.prepare(db, far_db)
    scene.add_target(db, target="far", connection_string=far_db.conninfo)
    flow_id = scene.start(db, STEPS, target="far", sleep=0.002)
    for _ in scene.moments(rng, far_db, flow_id, STEPS, 4):
        far_db.server.kill9()
        faults.hit("target killed")
        revive(far_db)
    scene.check_run(db, flow_id, STEPS, far_db)
    scene.check_nothing_is_left(db, orchestrator, far_db)


def test_the_server_is_killed_again_and_again(
    near_db: Any, far_db: Any, faults: Faults, rng: random.Random
) -> None:
    """Postmaster and all: its own steps, and those of a target that stays alive and knows nothing of it."""
    db = near_db
    scene.prepare(db, far_db)
    scene.add_target(db, target="far", connection_string=far_db.conninfo)
    orchestrator = Orchestrator(db).start()
    here = scene.start(db, STEPS, sleep=0.002)
    there = scene.start(db, STEPS, target="far", name="there", sleep=0.002)
    for _ in scene.moments(rng, far_db, there, STEPS, 3):
        db.server.kill9()
        faults.hit("server killed")
        until(lambda: not orchestrator.is_running(), what="the orchestrator to be gone")
        revive(db)
        orchestrator.start()
    scene.check_run(db, here, STEPS)
    scene.check_run(db, there, STEPS, far_db)
    scene.check_nothing_is_left(db, orchestrator, far_db)


def test_connections_break_again_and_again(
    db: Any,
    client_db: Any,
    proxy: Proxy,
    by_proxy: str,
    orchestrator: Any,
    faults: Faults,
    rng: random.Random,
) -> None:
    flow_id = scene.start(db, STEPS, target=by_proxy, sleep=0.002)
    for _ in scene.moments(rng, client_db, flow_id, STEPS, 6):
        faults.hit("network dropped", proxy.drop() > 0)
    scene.check_run(db, flow_id, STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.mark.parametrize("ending", ["resumes", "breaks"])
def test_a_stalled_connection_touches_its_own_target_only(
    db: Any,
    client_db: Any,
    proxy: Proxy,
    by_proxy: str,
    orchestrator: Any,
    faults: Faults,
    rng: random.Random,
    ending: str,
) -> None:
    """While nothing passes to the one target, the steps of the other run to their end."""
    flow_id = scene.start(db, STEPS, target=by_proxy, sleep=0.002)
    for _ in scene.moments(rng, client_db, flow_id, STEPS // 2, 1):
        proxy.pause()
        faults.hit("network stalled")
        scene.check_run(db, scene.start(db, STEPS, name="elsewhere"), STEPS, timeout=30)
        assert scene.is_open(db, flow_id)
        if ending == "breaks":
            faults.hit("network dropped", proxy.drop() > 0)
        proxy.resume()
    scene.check_run(db, flow_id, STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_an_orchestrator_starts_while_a_target_is_silent(
    db: Any,
    client_db: Any,
    proxy: Proxy,
    by_proxy: str,
    orchestrator: Any,
    faults: Faults,
    rng: random.Random,
) -> None:
    """Connections are accepted and nobody answers: the new orchestrator serves the other targets."""
    flow_id = scene.start(db, STEPS, target=by_proxy, sleep=0.002)
    for _ in scene.moments(rng, client_db, flow_id, STEPS // 2, 1):
        proxy.pause()
        orchestrator.terminate()
        faults.hit("network stalled")
        faults.hit("orchestrator terminated")
        orchestrator.start()
        scene.check_run(db, scene.start(db, STEPS, name="elsewhere"), STEPS, timeout=30)
        proxy.resume()
    scene.check_run(db, flow_id, STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_a_target_that_may_be_lost_for_good(db: Any, far_db: Any, orchestrator: Any, faults: Faults) -> None:
    """Its tasks wait for it; a cancel ends them all the same, without it."""
    scene.prepare(db, far_db)
    scene.add_target(db, target="far", connection_string=far_db.conninfo)
    far_db.server.kill9()
    faults.hit("target killed")
    flow_id = scene.start(db, 10, target="far")
    scene.check_run(db, scene.start(db, 100, name="elsewhere"), 100)
    assert scene.is_open(db, flow_id)
    db.execute("SELECT flow.cancel(%s)", (flow_id,))
    assert wait_run(db, flow_id, 30) == "CANCELED"
    scene.check_nothing_is_left(db, orchestrator)


@pytest.mark.parametrize(
    ("on_interrupt", "state", "began"), [("fail", "FAILED", 1), ("retry", "FINISHED", 2)]
)
def test_on_interrupt(
    db: Any, far_db: Any, orchestrator: Any, faults: Faults, on_interrupt: str, state: str, began: int
) -> None:
    """What a crash cut off is tried again, or has failed where the node says so."""
    scene.prepare(db, far_db)
    scene.add_target(db, target="far", connection_string=far_db.conninfo)
    far_db.execute("CREATE TABLE work.began(began TIMESTAMPTZ)")
    work.procedure(
        far_db,
        "held",
        """INSERT INTO work.began VALUES (now());
           COMMIT;
           PERFORM pg_sleep(600) FROM work.began HAVING count(*) = 1;
           CALL work.run(_args);""",
    )
    held = {"node": "fan", "target": "far", "routine": "work.held", "on_interrupt": on_interrupt}
    work.configure(db, "held", {"nodes": [held]})
    flow_id = work.run(db, "held")
    until(lambda: far_db.value("SELECT count(*)::INT FROM work.began") == 1, what="the callback to begin")
    far_db.server.kill9()
    faults.hit("target killed")
    revive(far_db)
    assert wait_run(db, flow_id, 60) == state
    assert far_db.value("SELECT count(*)::INT FROM work.began") == began
    assert work.count(far_db, flow_id) == began - 1
    scene.check_nothing_is_left(db, orchestrator, far_db)
