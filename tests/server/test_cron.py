"""pg_cron keeps the orchestrator running: Debian's, on its PostgreSQL 15."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pgflow_build import debian

from tests.server.faults import scene
from tests.support.database import SERVER_EXTENSION, Database
from tests.support.wait import until

pytestmark = pytest.mark.long

STEPS = 200
A_MINUTE = 75
"""Seconds in which what pg_cron starts every minute must run, the start itself included."""


@pytest.fixture
def db(make_server: Any) -> Iterator[Database]:
    """A server whose pg_cron calls async.main() every minute."""
    settings = {
        "shared_preload_libraries": "pg_cron",
        "cron.database_name": "postgres",
        "cron.host": "127.0.0.1",
    }
    database = Database(make_server(debian.MAJOR, settings=settings), "postgres")
    database.execute("CREATE EXTENSION pg_cron")
    database.execute(f"CREATE EXTENSION {SERVER_EXTENSION} CASCADE")
    database.execute("SELECT cron.schedule('pgflow', '* * * * *', 'CALL async.main()')")
    yield database
    database.close()


def pid(db: Database) -> int | None:
    """Process id of the orchestrator, if one runs and the server answers."""
    try:
        return db.value("SELECT pid FROM async.v_server_info WHERE running")  # type: ignore[no-any-return]
    except (psycopg.OperationalError, ValueError):
        return None


@pytest.mark.timeout(600)
def test_an_orchestrator_that_dies_runs_again_within_its_minute(db: Database) -> None:
    """Ended by an administrator, then killed: its run goes on, each step once."""
    scene.prepare(db)
    first = until(lambda: pid(db), A_MINUTE, "pg_cron to start the orchestrator")
    flow_id = scene.start(db, STEPS, sleep=0.02)
    scene.reach(db, flow_id, 10)
    db.execute("SELECT pg_terminate_backend(%s)", (first,))
    second = until(lambda: (found := pid(db)) != first and found, A_MINUTE, "pg_cron to start another one")
    scene.check_run(db, flow_id, STEPS)

    flow_id = scene.start(db, STEPS, name="again", sleep=0.02)
    scene.reach(db, flow_id, 10)
    os.kill(second, signal.SIGKILL)
    third = until(lambda: (found := pid(db)) != second and found, A_MINUTE, "pg_cron to start a third one")
    assert len({first, second, third}) == 3
    scene.check_run(db, flow_id, STEPS)
    notices = db.execute("SELECT status FROM cron.job_run_details WHERE status = 'succeeded'")
    assert notices == [], "main() returned"
    db.execute("SELECT cron.unschedule('pgflow'), async.stop()")
    until(lambda: pid(db) is None, what="the orchestrator to end")
    scene.check_consistency(db)
