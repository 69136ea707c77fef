"""Calls from a session on a client, outside of any task: over async.server() they reach the server."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.model import work
from tests.model.work import Gate
from tests.server.test_tasks import configure, end, look, push, taken_in
from tests.support.wait import until, wait_run


@pytest.fixture
def client(db: Any, client_db: Any, orchestrator: Any) -> Any:
    """A client that knows its server, and is the target ``client`` of it."""
    work.prepare(db, client_db)
    configure(db, targets=[{"target": "client", "connection_string": client_db.conninfo}])
    client_db.execute("SELECT async.server(%s)", (db.conninfo,))
    return client_db


def requests(client: Any) -> int:
    return int(client.value("SELECT count(*) FROM async.request"))


def sqlstate(client: Any, sql: str) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        client.execute(sql)
    return caught.value.sqlstate


def test_tasks(db: Any, client: Any) -> None:
    one = client.value("SELECT async.push_task(async.task('SELECT 1', 'client', _task_data => '{\"a\": 1}'))")
    many = client.execute(
        "SELECT async.push_tasks(ARRAY("
        "SELECT async.task('SELECT ' || n, 'self') FROM generate_series(1, 5) n), _source => 'the client')"
    )
    ids = [one, *(task_id for (task_id,) in many)]
    client.execute("SELECT async.wait_for_latch()")
    assert set(end(db, *ids)) == {"FINISHED"}
    assert look(db, ids[1], "source") == "the client"
    assert look(db, one, "task_data") == {"a": 1}


def test_finish_cancel_and_defer(db: Any, client: Any) -> None:
    configure(
        db,
        targets=[{"target": "later", "connection_string": db.conninfo, "asynchronous_finish": True}],
        concurrency_pools=[{"concurrency_pool": "one", "max_workers": 1}],
    )
    answered, failed = (push(db, "SELECT 1", "later") for _ in range(2))
    taken_in(db, answered, failed)
    until(lambda: {look(db, n, "state") for n in (answered, failed)} == {"YIELDED"}, what="them to wait")
    client.execute("SELECT async.finish(%s)", ([answered],))
    client.execute("SELECT async.finish(%s, 'FAILED', 'no luck')", ([failed],))
    assert end(db, answered, failed) == ["FINISHED", "FAILED"]
    with Gate(db) as gate:
        first = push(db, "SELECT work.gate(1)", concurrency_pool="one")
        until(lambda: gate.waiting() == 1, what="the only worker to be taken")
        unwanted, put_off = (push(db, "SELECT 1", concurrency_pool="one") for _ in range(2))
        taken_in(db, unwanted, put_off)
        client.execute("SELECT async.cancel(%s, 'enough')", ([unwanted],))
        client.execute("SELECT async.defer(%s, '100 ms')", ([put_off],))
        assert end(db, unwanted) == ["CANCELED"]
    assert end(db, first, put_off) == ["FINISHED"] * 2
    assert requests(client) == 0


def test_flows(db: Any, client: Any) -> None:
    nodes = [
        {"node": "a", "target": "client", "routine": "work.run", "step_routine": "work.run"},
        {"node": "b", "target": "self", "routine": "work.run", "dependencies": [{"parent": "a"}]},
    ]
    work.configure(db, "f", {"nodes": nodes})
    db.execute("SELECT async.pause()")
    flow_id = client.value("SELECT flow.run_flow('f', '{\"x\": 1}')")
    client.execute("CALL flow.push_steps(%s, 'a', ARRAY['{\"step\": \"1\"}']::JSONB[])", (flow_id,))
    unwanted = client.value("SELECT flow.run_flow('f', '{}')")
    client.execute("SELECT flow.cancel(%s)", (unwanted,))
    assert wait_run(db, unwanted) == "CANCELED"
    db.execute("SELECT async.resume()")
    client.execute("CALL flow.wait(%s, '30 s')", (flow_id,))
    assert work.count(client, flow_id) == 2
    with pytest.raises(psycopg.Error) as caught:
        client.execute("CALL flow.wait(%s, '30 s')", (unwanted,))
    assert caught.value.sqlstate == "PF009"
    assert requests(client) == 0


def test_finish_and_defer_of_a_node(db: Any, client: Any) -> None:
    """As whoever does the work elsewhere calls them: with the arguments that the callback had."""
    configure(
        db, targets=[{"target": "later", "connection_string": client.conninfo, "asynchronous_finish": True}]
    )
    client.execute("SELECT async.server(%s)", (db.conninfo,))
    work.configure(db, "f", {"nodes": [{"node": "a", "target": "later", "routine": "work.run"}]})
    flow_id = work.run(db, "f", {})
    until(
        lambda: db.value("SELECT count(*) FROM async.v_task WHERE state = 'YIELDED'") == 1,
        what="the node to wait",
    )
    task_id = db.value("SELECT task_id FROM async.v_task WHERE state = 'YIELDED'")
    row = "ROW(%s, 'f', '{}', 'a', NULL, %s)::flow.callback_arguments_t"
    client.execute(f"CALL flow.finish({row})", (flow_id, task_id))
    assert wait_run(db, flow_id) == "FINISHED"
    with pytest.raises(psycopg.Error) as caught:
        client.execute(f"CALL flow.defer({row}, '1 s')", (flow_id, task_id))
    assert caught.value.sqlstate == "PF005"


def test_errors_of_the_server_come_back(client: Any) -> None:
    for expected, sql in (
        ("PF001", "SELECT flow.run_flow('no such flow', '{}')"),
        ("PF002", "CALL flow.push_steps(0, 'a', ARRAY['1']::JSONB[])"),
        ("PF002", "SELECT flow.cancel(0)"),
        ("PF002", "CALL flow.wait(0)"),
        ("PF004", "SELECT async.finish(ARRAY[0::BIGINT])"),
        ("PF004", "SELECT async.cancel(ARRAY[0::BIGINT])"),
        ("PF004", "SELECT async.defer(ARRAY[0::BIGINT], '1 s')"),
        ("PF007", "SELECT async.push_task(async.task('SELECT 1', 'nowhere'))"),
        ("PF007", "SELECT * FROM async.get_tasks('nowhere')"),
    ):
        assert sqlstate(client, sql) == expected, sql


def test_without_a_server_what_needs_an_answer_is_an_error(client_db: Any) -> None:
    for sql in (
        "SELECT flow.run_flow('f', '{}')",
        "CALL flow.wait(1)",
        "SELECT async.push_task(async.task('SELECT 1', 'self'))",
        "SELECT async.wait_for_latch()",
        "SELECT * FROM async.get_tasks('outside')",
    ):
        assert sqlstate(client_db, sql) == "PF008", sql


def test_a_call_over_the_connection_commits_at_once(db: Any, client: Any) -> None:
    """Whatever becomes of the caller's transaction: the docs say so."""
    with client.connect() as session, session.transaction(force_rollback=True):
        row = session.execute("SELECT async.push_task(async.task('SELECT 1', 'self'))").fetchone()
    assert end(db, row[0]) == ["FINISHED"]


def test_within_a_task_a_call_waits_for_its_commit(db: Any, client: Any) -> None:
    """There it goes to the table of requests, with the task's work, although the server could be asked."""
    work.configure(db, "f", {"nodes": [{"node": "a", "target": "client", "routine": "work.run"}]})
    told = {"push": {"a": [{"to": "a", "steps": [{"step": "1"}]}]}, "fail": ["a"]}
    failed = work.run(db, "f", told)
    assert wait_run(db, failed) == "FAILED"
    assert db.value("SELECT count(*) FROM flow.v_flow_task WHERE flow_id = %s", (failed,)) == 1
    good = work.run(db, "f", {"push": {"a": [{"to": "a", "steps": [{"step": "1"}]}]}})
    assert wait_run(db, good) == "FINISHED"
    assert json.dumps(work.count(client, good)) == "2"
