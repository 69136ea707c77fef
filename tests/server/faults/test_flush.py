"""What counts as done is on disk, also where tasks are flushed together (control flush = batch)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.model import work
from tests.server.faults import scene
from tests.support.database import CLIENT_EXTENSION, SERVER_EXTENSION, Database, create_with_extension
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run

pytestmark = pytest.mark.long

STEPS = 2000
LAZY = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
"""Settings by which nobody but a commit that waits for it writes the log to disk."""


@pytest.fixture
def far_db(make_server: Callable[..., Any], major: str) -> Database:
    """A client on a server of its own, lazy in flushing."""
    return create_with_extension(make_server(major, LAZY), CLIENT_EXTENSION, "far")


def flush_by_batch(db: Any) -> None:
    db.execute('SELECT async.configure(\'{"control": {"flush": "batch"}}\')')


def crash(db: Database) -> None:
    """Kill the server of the database and bring it up again."""
    db.server.kill9()
    db.server.start()
    scene.reachable(db)


def crash_all(db: Database, orchestrator: Orchestrator) -> None:
    """Kill the server with the orchestrator in it, and bring both up again."""
    crash(db)
    until(lambda: not orchestrator.is_running(), what="the orchestrator to be gone")
    orchestrator.start()


def test_what_counts_as_done_survives_the_target(db: Any, far_db: Any, orchestrator: Any) -> None:
    """The target dies as soon as the run has ended: nothing of it is gone."""
    scene.prepare(db, far_db)
    scene.add_target(db, target="far", connection_string=far_db.conninfo)
    flush_by_batch(db)
    for number in range(3):
        flow_id = scene.start(db, 200, target="far", name=f"run_{number}")
        assert wait_run(db, flow_id) == "FINISHED"
        crash(far_db)
        scene.check_run(db, flow_id, 200, far_db)
    scene.check_nothing_is_left(db, orchestrator, far_db)


def test_the_target_is_killed_again_and_again(
    db: Any, far_db: Any, orchestrator: Any, rng: random.Random
) -> None:
    """What it had committed and not flushed is undone, and done again: each step counts once in the end."""
    scene.prepare(db, far_db)
    scene.add_target(db, target="far", connection_string=far_db.conninfo)
    flush_by_batch(db)
    flow_id = scene.start(db, STEPS, target="far", sleep=0.001)
    for _ in scene.moments(rng, far_db, flow_id, STEPS // 2, 4):
        crash(far_db)
    scene.check_run(db, flow_id, STEPS, far_db)
    scene.check_nothing_is_left(db, orchestrator, far_db)


def test_the_server_is_killed_again_and_again(
    make_server: Callable[..., Any], major: str, rng: random.Random
) -> None:
    """Its own steps, with the orchestrator: a run that has ended stays so, with all its work."""
    db = create_with_extension(make_server(major, LAZY), SERVER_EXTENSION, "near")
    scene.prepare(db)
    flush_by_batch(db)
    orchestrator = Orchestrator(db).start()
    for number in range(2):
        ended = scene.start(db, STEPS // 10, name=f"ended_{number}")
        assert wait_run(db, ended) == "FINISHED"
        crash_all(db, orchestrator)
        assert not scene.is_open(db, ended), "a run that had ended is open again"
        scene.check_run(db, ended, STEPS // 10)
        running = scene.start(db, STEPS, name=f"running_{number}", sleep=0.001)
        for _ in scene.moments(rng, db, running, STEPS // 2, 1):
            crash_all(db, orchestrator)
        scene.check_run(db, running, STEPS)
    scene.check_nothing_is_left(db, orchestrator)


def test_a_run_that_has_ended_stays_ended(make_server: Callable[..., Any], major: str) -> None:
    """With flush = task too, where the orchestrator's own commits need not wait as long as runs go on."""
    db = create_with_extension(make_server(major, LAZY), SERVER_EXTENSION, "near")
    scene.prepare(db)
    orchestrator = Orchestrator(db).start()
    for number in range(3):
        flow_id = scene.start(db, 20, name=f"run_{number}")
        assert wait_run(db, flow_id) == "FINISHED"
        crash_all(db, orchestrator)
        assert not scene.is_open(db, flow_id), "a run that had ended is open again"
        scene.check_run(db, flow_id, 20)
    scene.check_nothing_is_left(db, orchestrator)


def test_what_a_callback_commits_itself_waits_for_the_disk(db: Any, orchestrator: Any) -> None:
    """Its own COMMITs are as durable as ever: only the engine's, after it, does not wait."""
    scene.prepare(db)
    flush_by_batch(db)
    db.execute("CREATE TABLE work.seen(setting TEXT)")
    see = "INSERT INTO work.seen SELECT current_setting('synchronous_commit')"
    work.procedure(db, "commits", f"{see}; COMMIT; {see}; CALL work.run(_args);")
    flow_id = scene.start(db, 300, step_routine="work.commits")
    scene.check_run(db, flow_id, 300)
    assert db.execute("SELECT setting, count(*)::INT FROM work.seen GROUP BY 1") == [("on", 600)]
    scene.check_nothing_is_left(db, orchestrator)
