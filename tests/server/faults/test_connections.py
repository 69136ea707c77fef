"""The network between server and target is bad, its connections are refused, or somebody ends them."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.model import work
from tests.server.faults import scene, steps
from tests.support.bad_network import BadNetwork
from tests.support.database import CLIENT_EXTENSION, Database, conninfo_by_way_of, create_with_extension
from tests.support.faults import Faults
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

STEPS = 600
BATCH = b"DO "
"""What the query that runs tasks begins with."""
CONTROL = b"async.attend"
"""What stands in each query over a control connection."""
SILENCE = 20 if os.environ.get("PGFLOW_LONG") else 0.5
"""Seconds that a direction is stalled; one of more than 15 is given up by the engine itself."""


@pytest.fixture
def network(db: Any, client_db: Any, rng: random.Random) -> Iterator[BadNetwork]:
    """The way from the server to target ``far``, which is ``client_db``."""
    made = BadNetwork(client_db.server.host, client_db.server.port, rng)
    scene.prepare(db, client_db)
    scene.add_target(db, target="far", connection_string=conninfo_by_way_of(client_db.conninfo, made.port))
    yield made
    made.close()


def test_reset_at_random_instants(
    db: Any, client_db: Any, network: BadNetwork, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """All connections at once, fifteen times in a run."""
    flow_id = scene.start(db, STEPS, target="far", sleep=0.002)
    for _ in scene.moments(rng, client_db, flow_id, STEPS, 15):
        faults.hit("network reset", network.reset() > 0)
    scene.check_run(db, flow_id, STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.mark.parametrize("what", [BATCH, CONTROL], ids=["batch", "control"])
@pytest.mark.parametrize("place", ["before", "within", "after"])
def test_cut_at_a_query(
    db: Any, client_db: Any, network: BadNetwork, orchestrator: Any, faults: Faults, what: bytes, place: Any
) -> None:
    """A connection is reset before a query has left, in the midst of it, or when its work is done and the
    answer lost; of the queries that run tasks a fifth, of those that ask about them every third. Runs begin
    until five have been cut."""
    trap = network.set_trap(what, place, times=10, chance=0.2 if what == BATCH else 0.3)
    while trap.left > 5:
        flow_id = scene.start(db, STEPS, target="far", sleep=0.001)
        scene.check_run(db, flow_id, STEPS, client_db)
    faults.hit("connection cut at a query", 10 - trap.left)
    network.disarm()
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_cut_while_connecting(
    db: Any, client_db: Any, network: BadNetwork, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """All connections are reset six times, and of those made anew half are cut while their session begins."""
    traps = [
        network.set_trap(pattern, "after", times=2, chance=0.5)
        for pattern in (b"user\0", b"pg_backend_pid", b"register_epoch", BATCH)
    ]
    flow_id = scene.start(db, STEPS, target="far", sleep=0.002)
    for _ in scene.moments(rng, client_db, flow_id, STEPS, 6):
        faults.hit("network reset", network.reset() > 0)
    scene.check_run(db, flow_id, STEPS, client_db)
    faults.hit("connection cut at a query", sum(2 - trap.left for trap in traps))
    assert network.resets >= 10
    network.disarm()
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_late_packets(
    db: Any, client_db: Any, network: BadNetwork, orchestrator: Any, faults: Faults
) -> None:
    """Every packet is up to 20 ms late, either way; what runs elsewhere is not."""
    network.delay = 0.02
    faults.hit("network slow")
    flow_id = scene.start(db, STEPS, target="far")
    scene.check_run(db, scene.start(db, STEPS, name="elsewhere"), STEPS, timeout=30)
    scene.check_run(db, flow_id, STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize("ending", ["resumes", "is reset"])
def test_stalled_one_way(
    db: Any,
    client_db: Any,
    network: BadNetwork,
    orchestrator: Any,
    faults: Faults,
    rng: random.Random,
    way: Any,
    ending: str,
) -> None:
    """Questions arrive and no answer does, or the other way round: the other target's steps run to their
    end, and so do these once it is over."""
    flow_id = scene.start(db, STEPS, target="far", sleep=0.002)
    for _ in scene.moments(rng, client_db, flow_id, STEPS, 2):
        network.stall(way)
        faults.hit("network stalled")
        stalled = time.monotonic()
        scene.check_run(db, scene.start(db, 300, name="elsewhere"), 300, timeout=30)
        time.sleep(max(0.0, stalled + SILENCE - time.monotonic()))
        if ending == "is reset":
            faults.hit("network reset", network.reset() > 0)
        network.go_on()
    scene.check_run(db, flow_id, STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


def test_stalled_in_the_midst_of_a_query_and_cut(
    db: Any, client_db: Any, network: BadNetwork, orchestrator: Any, faults: Faults
) -> None:
    """A slow step's session never learns that its connection has gone: it finishes, once."""
    with work.Gate(client_db) as gate:
        work.procedure(client_db, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        told = steps.numbered(4)
        flow_id = steps.start(db, "work.held", told, "far")
        until(lambda: gate.waiting() == 4, what="the steps to begin")
        network.stall("back")
        faults.hit("network stalled")
        faults.hit("network reset", network.reset() > 0)
        network.go_on()
        scene.check_run(db, scene.start(db, 100, target="far"), 100, client_db)
        assert gate.waiting() == 4
    assert wait_run(db, flow_id, 30) == "FINISHED"
    ended = steps.check_all_once(db, client_db, flow_id, told)
    assert {result.attempts for result in ended.values()} == {1}
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("target", ["self", "client"])
@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend"])
def test_our_sessions_are_ended_at_random(
    db: Any, client_db: Any, orchestrator: Any, faults: Faults, rng: random.Random, target: str, how: str
) -> None:
    """Any of them but the orchestrator: slots at work, control connections, helpers; 30 times."""
    where = steps.place(db, client_db, target)
    flow_id = scene.start(
        db, STEPS, target=target, sleep=0.005, retries=50, retry_delay="10 ms", retry_backoff=1
    )
    scene.reach(where, flow_id, 2)  # lest all of them hit the one task that there is at first
    hits = 0
    while hits < 30 and scene.count(where, flow_id) < 0.9 * STEPS:
        which = rng.choice(["slot", "slot", "slot", "control", ""])
        hits += scene.signal_sessions(rng.choice([db, client_db]), rng, 1, how, which)
        time.sleep(rng.uniform(0, 0.015))
    faults.hit(scene.SIGNALS[how], hits)
    assert hits >= 10, "hardly any session was hit"
    scene.check_run(db, flow_id, STEPS, where)
    assert orchestrator.is_running(), f"the orchestrator has ended: {orchestrator.error}"
    scene.check_nothing_is_left(db, orchestrator, client_db)


@pytest.fixture
def few(db: Any, client_db: Any) -> Iterator[str]:
    """A role that may have three sessions; a superuser could have any number."""
    role = f"{client_db.name}_few"
    name = sql.Identifier(role).as_string()
    scene.prepare(db, client_db)
    client_db.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 3")
    for schema in ("async", "flow", "work"):
        client_db.execute(
            f"""GRANT USAGE ON SCHEMA {schema} TO {name};
                GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {name};
                GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {name};
                GRANT ALL ON ALL FUNCTIONS IN SCHEMA {schema} TO {name};
                GRANT ALL ON ALL PROCEDURES IN SCHEMA {schema} TO {name};"""
        )
    scene.add_target(db, target="few", connection_string=make_conninfo(client_db.conninfo, user=role))
    yield role
    client_db.execute(f"DROP OWNED BY {name}")
    client_db.execute(f"DROP ROLE {name}")


def sessions_used(where: Any, flow_id: int) -> int:
    """On how many sessions the run's callbacks have worked."""
    used = "SELECT count(DISTINCT pid)::INT FROM work.done WHERE flow_id = %s"
    return int(where.value(used, (flow_id,)))


def test_a_role_may_have_few_sessions(
    db: Any, client_db: Any, few: str, orchestrator: Any, faults: Faults
) -> None:
    """With three of them the run ends well; without any it waits, and goes on when there are some; when there
    are many, many are used."""
    role = sql.Identifier(few).as_string()
    flow_id = scene.start(db, STEPS, target="few")
    scene.check_run(db, flow_id, STEPS, client_db)
    assert sessions_used(client_db, flow_id) <= 2
    client_db.execute(f"ALTER ROLE {role} CONNECTION LIMIT 0")
    faults.hit("connections refused")
    faults.hit("session terminated", end_sessions_of(client_db, few))
    waiting = scene.start(db, 200, target="few", name="waiting")
    scene.check_run(db, scene.start(db, 200, name="elsewhere"), 200)
    assert scene.is_open(db, waiting)
    client_db.execute(f"ALTER ROLE {role} CONNECTION LIMIT 1")
    scene.reach(client_db, waiting, 0)
    client_db.execute(f"ALTER ROLE {role} CONNECTION LIMIT 20")
    scene.check_run(db, waiting, 200, client_db)
    check_many_are_used(db, client_db, "few")
    scene.check_nothing_is_left(db, orchestrator, client_db)


def end_sessions_of(where: Any, role: str) -> int:
    """End all sessions of a role; return how many there were."""
    ending = "SELECT count(pg_terminate_backend(pid))::INT FROM pg_stat_activity WHERE usename = %s"
    return int(where.value(ending, (role,)))


def check_many_are_used(db: Any, where: Any, target: str) -> None:
    """Runs of steps that take a while come to use at least eight sessions of the target at once."""
    work.procedure(where, "slow", "PERFORM pg_sleep(0.2); CALL work.run(_args);")

    def many() -> bool:
        flow_id = steps.start(db, "work.slow", steps.numbered(16), target, "slow")
        assert wait_run(db, flow_id, 30) == "FINISHED"
        return sessions_used(where, flow_id) >= 8

    until(many, timeout=30, what="the target's connections to be used again")


@pytest.fixture
def full_db(make_server: Callable[..., Any], major: str) -> Database:
    """A client on a server of its own that takes but twelve connections."""
    settings = {"max_connections": "12", "superuser_reserved_connections": "0", "max_wal_senders": "0"}
    return create_with_extension(make_server(major, settings=settings), CLIENT_EXTENSION, "full")


def take_all(where: Any) -> list[psycopg.Connection[Any]]:
    """Take every connection that is left."""
    taken = []
    while True:
        try:
            taken.append(where.connect())
        except psycopg.OperationalError:
            return taken


def test_others_take_all_connections(
    db: Any, full_db: Any, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """They take what is left, again and again while the engine loses some of its own: the run ends well, and
    when they have gone the engine uses what there is."""
    scene.prepare(db, full_db)
    scene.add_target(db, target="full", connection_string=full_db.conninfo)
    others = take_all(full_db)
    faults.hit("connections refused")
    flow_id = scene.start(db, STEPS, target="full", sleep=0.002)
    scene.check_run(db, scene.start(db, 200, name="elsewhere"), 200)
    assert scene.is_open(db, flow_id)
    for connection in others[:4]:
        connection.close()
    hits = 0
    for _ in scene.moments(rng, full_db, flow_id, STEPS, 6):
        hits += scene.signal_sessions(full_db, rng, 2, which="")
        others += take_all(full_db)
        faults.hit("connections refused")
        time.sleep(0.05)
        for connection in others[-3:]:
            connection.close()
    faults.hit("session terminated", hits)
    for connection in others:
        connection.close()
    scene.check_run(db, flow_id, STEPS, full_db)
    check_many_are_used(db, full_db, "full")
    scene.check_nothing_is_left(db, orchestrator, full_db)
