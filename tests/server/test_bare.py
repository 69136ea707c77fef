"""Targets that do not have our client extension: plain queries run there, at least once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.model import work
from tests.server.test_tasks import SCHEMA, configure, did, end, look, push, push_many, taken_in
from tests.support.database import Database, create_database
from tests.support.wait import until, wait_run


@pytest.fixture
def bare(db: Any, orchestrator: Any, server: Any) -> Iterator[Database]:
    """A database without our extensions: the target ``bare``."""
    database = create_database(server)
    database.execute(SCHEMA)
    configure(db, targets=[{"target": "bare", "connection_string": database.conninfo, "max_concurrency": 4}])
    yield database
    database.drop()


def sessions(bare: Any) -> int:
    """How many sessions of the engine work there."""
    query = (
        "SELECT count(*)::INT FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE 'pgflow slot%' AND state = 'active'"
    )
    return int(bare.value(query))


def test_queries_of_every_kind(db: Any, bare: Any) -> None:
    bare.execute(
        """CREATE PROCEDURE work.commits() LANGUAGE plpgsql AS
           $$ BEGIN
                INSERT INTO work.did(id) VALUES (3); COMMIT;
                INSERT INTO work.did(id) VALUES (4); ROLLBACK;
              END $$"""
    )
    good = [
        push(db, query, "bare")
        for query in (
            "INSERT INTO work.did(id) VALUES (1)",
            "CALL work.do(2);",
            "CALL work.commits()",
            "VACUUM work.did",
            "SELECT 1 AS a, 2 AS b",
            "SET search_path = nowhere",
        )
    ]
    bad = push(db, "SELECT 1 / 0", "bare")
    assert end(db, *good, bad) == ["FINISHED"] * 6 + ["FAILED"]
    assert "division by zero" in look(db, bad, "processing_error")
    assert sorted(did(bare)) == [1, 2, 3]
    ids = push_many(
        db,
        40,
        "INSERT INTO work.did(id) SELECT 1%s WHERE current_setting('search_path') <> 'nowhere'",
        "bare",
    )
    assert set(end(db, *ids)) == {"FINISHED"}
    assert len(did(bare)) == 43
    assert (
        bare.value("SELECT count(*) FROM pg_extension WHERE extname LIKE 'pg%flow' OR extname = 'pgasync'")
        == 0
    )


def test_what_overruns_its_time_or_is_canceled_is_interrupted(db: Any, bare: Any) -> None:
    late = push(db, "SELECT pg_sleep(600)", "bare", manual_timeout="300 ms")
    assert end(db, late) == ["TIMED_OUT"]
    unwanted = push(db, "SELECT pg_sleep(600)", "bare")
    until(lambda: sessions(bare) == 1, what="the task to run")
    db.execute("SELECT async.cancel(%s, 'enough')", ([unwanted],))
    assert end(db, unwanted) == ["CANCELED"]
    until(lambda: sessions(bare) == 0, what="the sessions to be free")
    assert end(db, push(db, "CALL work.do(1)", "bare")) == ["FINISHED"]


def test_an_answer_from_outside(db: Any, bare: Any) -> None:
    configure(db, targets=[{"target": "bare", "asynchronous_finish": True}])
    task_id = push(db, "CALL work.do(1)", "bare")
    taken_in(db, task_id)
    until(lambda: look(db, task_id, "state") == "YIELDED", what="the task to wait for its answer")
    db.execute("SELECT async.finish(%s)", ([task_id],))
    assert end(db, task_id) == ["FINISHED"]


def test_a_session_that_is_ended_has_its_task_run_again(db: Any, bare: Any) -> None:
    task_id = push(db, "SELECT pg_sleep(CASE count(*) WHEN 0 THEN 600 ELSE 0 END) FROM work.did", "bare")
    until(lambda: sessions(bare) == 1, what="the task to run")
    bare.execute("INSERT INTO work.did(id) VALUES (1)")
    bare.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgflow slot%'"
    )
    assert end(db, task_id, timeout=60) == ["FINISHED"]


def test_a_new_orchestrator_takes_its_tasks_up(db: Any, bare: Any, orchestrator: Any) -> None:
    ids = push_many(db, 20, "CALL work.do(%s, 0.05)", "bare")
    until(lambda: len(did(bare)) > 4, what="some to be done")
    orchestrator.terminate()
    orchestrator.start()
    assert set(end(db, *ids, timeout=60)) == {"FINISHED"}
    assert set(did(bare)) == set(range(1, 21))


def test_a_node_there_fails_and_says_why(db: Any, bare: Any) -> None:
    kind = {"target": "bare", "step_routine": "work.run", "steps": [{"step": "1"}]}
    work.configure(
        db,
        "f",
        {
            "nodes": [
                {"node": "a", "target": "bare", "routine": "work.run"},
                {"node": "b", "empty": True} | kind,
            ]
        },
    )
    flow_id = work.run(db, "f", {})
    assert wait_run(db, flow_id) == "FAILED"
    errors = db.execute("SELECT processing_error FROM flow.v_flow_task WHERE flow_id = %s", (flow_id,))
    assert len(errors) == 2
    assert all("this target has not the client extension" in error for (error,) in errors)


@pytest.mark.long
def test_a_target_that_is_down_delays_only_its_own_tasks(
    db: Any, bare: Any, make_server: Any, major: str
) -> None:
    """With our extension there or without; its tasks run once it is back."""
    db.execute(SCHEMA)
    far = create_database(make_server(major))
    far.execute(SCHEMA)
    configure(db, targets=[{"target": "far", "connection_string": far.conninfo}])
    assert end(db, push(db, "CALL work.do(1)", "far")) == ["FINISHED"]
    far.server.kill9()
    waiting = push_many(db, 10, "CALL work.do(%s)", "far")
    others = push_many(db, 200, "CALL work.do(%s)") + push_many(db, 20, "CALL work.do(%s)", "bare")
    assert set(end(db, *others)) == {"FINISHED"}
    assert (
        db.value(
            "SELECT count(*) FROM async.v_task WHERE task_id = ANY(%s) AND processed IS NOT NULL", (waiting,)
        )
        == 0
    )
    far.server.start()
    assert set(end(db, *waiting, timeout=60)) == {"FINISHED"}
    far.close()
    assert set(did(far)) == set(range(1, 11))
