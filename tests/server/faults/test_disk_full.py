"""A disk fills up in mid-run: what is there is not lost, and once there is room everything goes on."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pgflow_build.servers import Server
from psycopg import sql

from tests.model import work
from tests.server.faults import scene, steps
from tests.server.faults.conftest import get
from tests.support.database import CLIENT_EXTENSION, SERVER_EXTENSION, Database
from tests.support.faults import Faults
from tests.support.orchestrator import Orchestrator
from tests.support.pool import MADE_TO_BE_KILLED, ServerPool
from tests.support.small_disk import SmallDisk
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

STEPS = 400
PATIENT: dict[str, Any] = {"retries": 10_000, "retry_delay": "200 ms", "retry_backoff": 1, "retry_on": ["53"]}
"""Steps that wait for room."""


@pytest.fixture(scope="module")
def disk_server(major: str) -> Iterator[Server]:
    """A server whose small tablespace may fill up."""
    pool = ServerPool(MADE_TO_BE_KILLED | {"shared_buffers": "16MB"})
    yield get(pool, major)
    pool.stop()


@pytest.fixture(scope="module")
def small_disk(disk_server: Server) -> Iterator[SmallDisk]:
    """The disk of its tablespace ``small``."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    try:
        made = SmallDisk(disk_server.folder / "small", megabytes=48)
    except PermissionError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    with made, disk_server.connect() as session:
        location = sql.Literal(str(made.space("data")))
        session.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(location))
        yield made
        disk_server.shut_down("immediate")


@pytest.fixture
def disk(small_disk: SmallDisk) -> Iterator[SmallDisk]:
    """The same, with room on it."""
    yield small_disk
    small_disk.make_room()


Create = Callable[[str, str], Database]
"""Makes a database of the test's own with an extension, where a clause of CREATE DATABASE says."""


@pytest.fixture
def create(disk_server: Server, disk: SmallDisk) -> Iterator[Create]:
    """Makes databases that are removed after the test."""
    made: list[Database] = []

    def make(extension: str, where: str = "") -> Database:
        database = Database(disk_server, f"cramped_{len(made)}")
        with disk_server.connect() as session:
            session.execute(f"CREATE DATABASE {database.name} {where}")
        made.append(database)
        database.execute(f"CREATE EXTENSION {extension} CASCADE")
        return database

    yield make
    disk.make_room()
    for database in made:
        database.drop()


@pytest.fixture
def full_db(create: Create) -> Database:
    """A client whose table ``work.large`` is on the small disk."""
    database = create(CLIENT_EXTENSION, "")
    scene.prepare(database)
    database.execute("CREATE TABLE work.large(filling TEXT) TABLESPACE small")
    work.procedure(database, "grow", GROW)
    return database


GROW = """
INSERT INTO work.large SELECT string_agg(md5(n::TEXT || random()), '') FROM generate_series(1, 1500) AS n;
PERFORM pg_sleep(0.005);
CALL work.run(_args);
"""
"""Takes about 50 kB on the disk, and so long that the run is not over before the disk is full."""


def failing_for_want_of_room(db: Any) -> int:
    """How often an attempt has failed for want of room so far."""
    return int(db.value("SELECT count(*)::INT FROM async.attempt WHERE sqlstate = '53100'"))


def prepare(db: Any, full_db: Any) -> None:
    """Make the callbacks on the server, and ``full_db`` the target ``full``."""
    scene.prepare(db)
    scene.add_target(db, target="full", connection_string=full_db.conninfo)


def test_steps_wait_for_room(
    db: Any, full_db: Any, disk: SmallDisk, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """The disk is full three times in a run: steps that are granted retries fail until there is room, other
    targets go on, and each takes effect once."""
    prepare(db, full_db)
    told = steps.numbered(STEPS)
    flow_id = steps.start(db, "work.grow", told, "full", **PATIENT)
    for threshold in sorted(rng.sample(range(1, STEPS // 2), 3)):
        scene.reach(full_db, flow_id, threshold)
        before = failing_for_want_of_room(db)
        disk.fill()
        until(lambda before=before: failing_for_want_of_room(db) > before + 20, what="steps to want room")
        scene.check_run(db, scene.start(db, 100, name="elsewhere"), 100)
        faults.hit("disk full")
        assert scene.is_open(db, flow_id)
        disk.make_room()
    print("attempts that wanted room:", failing_for_want_of_room(db))
    assert wait_run(db, flow_id, 60) == "FINISHED"
    steps.check_all_once(db, full_db, flow_id, told)
    assert full_db.value("SELECT count(*)::INT FROM work.large") == STEPS
    scene.check_nothing_is_left(db, orchestrator, full_db)


def test_steps_that_want_room_have_failed(
    db: Any, full_db: Any, disk: SmallDisk, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Without retries: what was done before stays, the rest has failed and left nothing; there is no room
    for the same steps, until there is."""
    prepare(db, full_db)
    told = steps.numbered(STEPS)
    flow_id = steps.start(db, "work.grow", told, "full")
    scene.reach(full_db, flow_id, rng.randrange(1, STEPS // 2))
    disk.fill()
    assert wait_run(db, flow_id, 60) == "FINISHED"
    ended = steps.ended(db, flow_id)
    assert len(ended) == STEPS
    wanting = {step for step, result in ended.items() if result.sqlstate == "53100"}
    assert wanting, "the disk was full too late"
    faults.hit("disk full")
    assert wanting == {step for step, result in ended.items() if result.status == "FAILED"}
    steps.check_once(full_db, flow_id, ended.keys() - wanting)
    assert full_db.value("SELECT count(*)::INT FROM work.large") == STEPS - len(wanting)
    disk.make_room()
    again = steps.start(db, "work.grow", [{"step": step} for step in wanting], "full", "again")
    assert wait_run(db, again, 60) == "FINISHED"
    steps.check_all_once(db, full_db, again, [{"step": step} for step in wanting])
    scene.check_nothing_is_left(db, orchestrator, full_db)


def add_growing(where: Any) -> None:
    """Make ``work.grow`` in a database that is on the small disk as a whole."""
    where.execute("CREATE TABLE work.large(filling TEXT)")
    work.procedure(where, "grow", GROW.replace("1500", "300"))


def test_the_whole_target_is_full(
    db: Any, create: Create, disk: SmallDisk, orchestrator: Any, faults: Faults, rng: random.Random
) -> None:
    """Not even a receipt can be written, nor a revocation, nor what a callback asks for."""
    full_db = create(CLIENT_EXTENSION, "TABLESPACE small")
    scene.prepare(full_db)
    add_growing(full_db)
    prepare(db, full_db)
    flow_id = scene.start(db, 2 * STEPS, target="full", step_routine="work.grow", **PATIENT)
    for threshold in sorted(rng.sample(range(1, STEPS), 3)):
        scene.reach(full_db, flow_id, threshold)
        before = failing_for_want_of_room(db)
        disk.fill()
        until(lambda before=before: failing_for_want_of_room(db) > before + 20, what="steps to want room")
        scene.check_run(db, scene.start(db, 100, name="elsewhere"), 100)
        faults.hit("disk full")
        assert scene.is_open(db, flow_id)
        disk.make_room()
    print("attempts that wanted room:", failing_for_want_of_room(db))
    scene.check_run(db, flow_id, 2 * STEPS, full_db)
    scene.check_nothing_is_left(db, orchestrator, full_db)


def test_the_server_is_full(
    create: Create, disk: SmallDisk, client_db: Any, faults: Faults, rng: random.Random
) -> None:
    """The orchestrator's own tables have no room: it gives up in the end, or waits; with room, and started
    again if it has, the runs on both targets go on."""
    db = create(SERVER_EXTENSION, "TABLESPACE small")
    scene.prepare(db, client_db)
    add_growing(db)
    scene.add_target(db, target="client", connection_string=client_db.conninfo)
    orchestrator = Orchestrator(db).start()
    here = scene.start(db, STEPS, step_routine="work.grow", **PATIENT)
    there = scene.start(db, 5 * STEPS, target="client", name="there", **PATIENT)
    for threshold in sorted(rng.sample(range(1, STEPS // 2), 2)):
        scene.reach(db, here, threshold)
        before = refusals(db.server)
        disk.fill()
        until(
            lambda before=before: not orchestrator.is_running() or refusals(db.server) > before + 20,
            what="the orchestrator to want room",
        )
        print("refusals:", refusals(db.server) - before, "orchestrator:", orchestrator.error or "goes on")
        faults.hit("disk full")
        disk.make_room()
        if not orchestrator.is_running():
            orchestrator.start()
    scene.check_run(db, here, STEPS)
    scene.check_run(db, there, 5 * STEPS, client_db)
    scene.check_nothing_is_left(db, orchestrator, client_db)


def refusals(server: Any) -> int:
    """How often the server has had no room for something so far."""
    return int(server.log.read_text(errors="replace").count("No space left on device"))
