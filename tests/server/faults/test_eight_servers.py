"""A flow across eight servers, one of each major, none of which knows the way to the server that runs it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from pgflow_build.binaries import MAJORS

from tests.model import work
from tests.server.faults import scene
from tests.server.faults.conftest import get
from tests.support.database import Database
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.pool import CLIENT_TEMPLATE, MADE_TO_BE_KILLED, SERVER_TEMPLATE, ServerPool
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

STEPS = 100


@pytest.fixture(scope="module")
def eight_servers() -> Iterator[ServerPool]:
    """A server of each major, whichever are named to be tested."""
    pool = ServerPool(MADE_TO_BE_KILLED)
    yield pool
    pool.stop()


@pytest.fixture
def eight(eight_servers: ServerPool) -> Iterator[dict[str, Database]]:
    """A client on each of them, by major: the client extensions only."""
    clients: dict[str, Database] = {}
    for name in MAJORS:
        try:
            clients[name] = eight_servers.clone(get(eight_servers, name), CLIENT_TEMPLATE)
        except RuntimeError as error:
            pytest.skip(f"it takes all majors, and there is no PostgreSQL {name}: {error}")
    yield clients
    for name, client in clients.items():
        get(eight_servers, name)
        client.drop()


@pytest.fixture(params=["11", "18"])
def home(request: pytest.FixtureRequest, servers: ServerPool) -> Iterator[Database]:
    """A pgflow server of the oldest and of the newest major, apart from the eight."""
    with_server = ServerPool()
    database = with_server.clone(get(with_server, request.param), SERVER_TEMPLATE)
    yield database
    database.drop()
    with_server.stop()


def units(eight: dict[str, Database], flow_id: int) -> int:
    """How many units have taken effect on all of them, as far as they can be asked."""
    return sum(scene.count(client, flow_id) for client in eight.values())


def test_a_flow_across_all_majors(
    home: Database, eight: dict[str, Database], faults: Faults, rng: random.Random
) -> None:
    """One of the eight, drawn at random, is killed in mid-run and comes back: each step takes effect once."""
    scene.prepare(home, *eight.values())
    fans: list[dict[str, Any]] = []
    for name, client in eight.items():
        scene.add_target(home, target=f"pg{name}", connection_string=client.conninfo, max_concurrency=4)
        fan = {
            "node": f"fan_{name}",
            "target": f"pg{name}",
            "routine": "work.fan",
            "step_routine": "work.run",
        }
        fans.append(fan | {"dependencies": [{"parent": "first"}]})
    first = {"node": "first", "target": "self", "routine": "work.run"}
    last = first | {"node": "last", "dependencies": [{"parent": fan["node"]} for fan in fans]}
    work.configure(home, "across", {"nodes": [first, *fans, last]})

    orchestrator = Orchestrator(home).start()
    told = {"steps": STEPS, "sleep": {fan["node"]: 0.01 for fan in fans}}
    flow_id = work.run(home, "across", told)
    victim = rng.choice(list(eight))
    threshold = rng.randrange(50, 4 * STEPS)
    print(f"PostgreSQL {victim} is killed once {threshold} units have taken effect")
    until(lambda: units(eight, flow_id) >= threshold, timeout=120, what=f"{threshold} units to be done")
    assert scene.is_open(home, flow_id)
    eight[victim].server.kill9()
    faults.hit("target killed")
    others = {name: client for name, client in eight.items() if name != victim}
    until(
        lambda: units(others, flow_id) == 7 * (STEPS + 1),
        timeout=120,
        what="the other seven to end their work",
    )
    assert scene.is_open(home, flow_id)
    eight[victim].server.start()
    scene.reachable(eight[victim])

    assert wait_run(home, flow_id, 120) == "FINISHED"
    for name, client in eight.items():
        rows = client.execute("SELECT node, step FROM work.done WHERE flow_id = %s", (flow_id,))
        expected = {(f"fan_{name}", step) for step in (None, *map(str, range(1, STEPS + 1)))}
        scene.check_units(expected, set(rows))
        assert len(rows) == len(expected), "something took effect more than once"
        assert client.value("SELECT async.server()") is None, "a client knows the way to the server"
        assert client.value("SELECT count(*) FROM pg_foreign_server") == 0
    assert work.count(home, flow_id) == 2
    scene.check_nothing_is_left(home, orchestrator, *eight.values())
