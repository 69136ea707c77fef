"""Workers outside the database: who gets which task, and what becomes of it when they fail, die, are late."""

from __future__ import annotations

import json
import random
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.model import work as graph
from tests.server.test_tasks import call, configure, end, look, push, taken_in
from tests.support.wait import until, wait_run

TAKE = "SELECT task_id, task_data FROM async.get_tasks('outside', %s, %s, %s)"


@pytest.fixture
def offers(db: Any, orchestrator: Any) -> Any:
    """A database with an orchestrator and the target ``outside``, which only such workers serve."""
    add_target(db)
    return db


def add_target(db: Any, target: str = "outside", **more: Any) -> None:
    configure(db, targets=[{"target": target, "connection_string": None} | more])


def offer(db: Any, *numbers: int, **more: Any) -> list[int]:
    """Queue a task for each number, and return their ids."""
    return [push(db, None, target="outside", task_data=json.dumps({"n": n}), **more) for n in numbers]


def take(session: Any, limit: int = 1, timeout: str | None = None, wait: str = "30 s") -> list[int]:
    """Take tasks and return their ids; the first of them is waited for."""
    return [task_id for task_id, _ in session.execute(TAKE, (limit, timeout, wait))]


def finish(db: Any, *task_ids: int, status: str = "FINISHED", error: str | None = None) -> None:
    db.execute("SELECT async.finish(%s, %s, %s)", (list(task_ids), status, error))


def offered(db: Any) -> int:
    """How many tasks are offered that nobody has taken."""
    return int(db.value("SELECT tasks_offered FROM async.v_target_status WHERE target = 'outside'"))


def wait_offered(db: Any, number: int) -> None:
    until(lambda: offered(db) == number, what=f"{number} tasks to be offered")


def sqlstate(db: Any, sql: str) -> str | None:
    error, _ = call(db, sql)
    return error.sqlstate if error else None


# ---- ordinary times ----


def test_what_was_taken_is_finished_by_its_worker(offers: Any) -> None:
    good, bad = offer(offers, 1, 2)
    row = offers.execute(
        "SELECT task_id, priority, task_data, times_up > clock_timestamp()"
        " FROM async.get_tasks('outside', 1, '1 h', '30 s')"
    )
    assert row == [(good, 0, {"n": 1}, True)]
    assert look(offers, good, "state") == "RUNNING"
    assert take(offers) == [bad]
    finish(offers, good)
    finish(offers, bad, status="FAILED", error="no luck")
    assert end(offers, good, bad) == ["FINISHED", "FAILED"]
    assert "no luck" in look(offers, bad, "processing_error")
    assert offers.value("SELECT consumed IS NOT NULL FROM async.v_task WHERE task_id = %s", (good,))


def test_take_and_finish_in_one_transaction(offers: Any) -> None:
    """The worker's own writes, that it has the task, and that it has done it commit together."""
    offers.execute("CREATE TABLE done(task_id BIGINT)")
    (task_id,) = offer(offers, 1)
    with offers.connect() as worker, worker.transaction():
        assert take(worker) == [task_id]
        worker.execute("INSERT INTO done VALUES (%s)", (task_id,))
        finish(worker, task_id)
        assert look(offers, task_id, "state") == "READY"
    assert end(offers, task_id) == ["FINISHED"]
    assert offers.value("SELECT count(*) FROM done") == 1


def test_no_more_are_offered_than_target_and_pool_allow(offers: Any) -> None:
    add_target(offers, max_concurrency=3)
    configure(offers, concurrency_pools=[{"concurrency_pool": "two", "max_workers": 2}])
    tight = offer(offers, 1, 2, 3, concurrency_pool="two")
    wide = offer(offers, 4, 5, 6)
    wait_offered(offers, 3)
    first = take(offers, 10)
    assert len(first) == 3
    assert len(set(first) & set(tight)) <= 2
    assert take(offers, 10, wait="0") == []
    finish(offers, first[0])
    second = take(offers, 10)
    assert len(second) == 1
    finish(offers, *first[1:], *second)
    rest = take(offers, 10)
    until(lambda: rest.extend(take(offers, 10, wait="0")) or len(rest) == 2, what="the last two")
    finish(offers, *rest)
    assert end(offers, *tight, *wide) == ["FINISHED"] * 6


def test_a_pool_is_shared_with_what_the_engine_runs(offers: Any) -> None:
    """Offered, taken, or on a connection of the engine: at most so many of the pool at once."""
    configure(offers, concurrency_pools=[{"concurrency_pool": "two", "max_workers": 2}])
    offers.execute("CREATE TABLE ran(n INT)")
    taken = offer(offers, 1, 2, concurrency_pool="two")
    wait_offered(offers, 2)
    assert take(offers, 2) == taken
    inside = [push(offers, f"INSERT INTO ran VALUES ({n})", concurrency_pool="two") for n in range(3)]
    taken_in(offers, *inside)
    assert end(offers, push(offers, "SELECT 1")) == ["FINISHED"]
    assert offers.value("SELECT count(*) FROM ran") == 0, "the pool was full"
    finish(offers, *taken)
    assert end(offers, *taken, *inside) == ["FINISHED"] * 5


def test_the_most_urgent_is_taken_first(offers: Any) -> None:
    """Although others were offered before it and have not been taken."""
    add_target(offers, max_concurrency=2)
    low = offer(offers, 1, 2, 3, priority=5)
    wait_offered(offers, 2)
    (urgent,) = offer(offers, 4, priority=-1)
    until(
        lambda: offers.value("SELECT min(priority) FROM async.offer") == -1,
        what="the urgent one to be offered",
    )
    assert take(offers) == [urgent]
    finish(offers, urgent)
    for task_id in low:
        assert take(offers) == [task_id]
        finish(offers, task_id)
    assert end(offers, *low) == ["FINISHED"] * 3


def test_waiting_for_a_task(offers: Any) -> None:
    got: list[int] = []

    def worker() -> None:
        with offers.connect(application_name="waits for a task") as session:
            got.extend(take(session, wait="60 s"))

    thread = threading.Thread(target=worker)
    thread.start()
    asleep = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'waits for a task' AND state = 'active'"
    )
    until(lambda: offers.value(asleep) == 1, what="the worker to wait")
    (task_id,) = offer(offers, 1)
    thread.join(30)
    assert got == [task_id]
    finish(offers, task_id)
    assert end(offers, task_id) == ["FINISHED"]


def test_many_workers_take_each_task_once(offers: Any) -> None:
    """Some roll back, some die: what they had taken goes to others."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    add_target(offers, max_concurrency=20)
    offers.execute("CREATE TABLE done(n INT)")
    ids = offers.execute(
        """SELECT async.push_tasks(ARRAY(
             SELECT async.task(NULL, 'outside', jsonb_build_object('n', n))
             FROM generate_series(1, 300) n))"""
    )
    fates = [rng.choices(["commit", "rollback", "die"], [8, 1, 1])[0] for _ in range(2000)]
    failed: list[BaseException] = []

    def work(part: list[str]) -> None:
        session = offers.connect()
        for fate in part:
            if offers_left(session) == 0:
                break
            try:
                with session.transaction():
                    rows = session.execute(TAKE, (3, "1 h", "100 ms")).fetchall()
                    for _, data in rows:
                        session.execute("INSERT INTO done VALUES (%s)", (data["n"],))
                    if rows:
                        finish(session, *(task_id for task_id, _ in rows))
                    if fate == "rollback":
                        raise psycopg.Rollback
                    if fate == "die":
                        session.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            except psycopg.OperationalError:
                session.close()
                session = offers.connect()
            except BaseException as error:
                failed.append(error)
                raise
        session.close()

    def offers_left(session: Any) -> int:
        row = session.execute("SELECT 300 - count(*)::INT FROM done").fetchone()
        return int(row[0])

    threads = [threading.Thread(target=work, args=[fates[n::4]]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    assert set(end(offers, *(task_id for (task_id,) in ids))) == {"FINISHED"}
    assert [n for (n,) in offers.execute("SELECT n FROM done ORDER BY 1")] == list(range(1, 301))


def test_offers_survive_the_orchestrator(offers: Any, orchestrator: Any) -> None:
    """Those that were taken too; its successor gives away no more than there are places."""
    add_target(offers, max_concurrency=2)
    ids = offer(offers, 1, 2, 3)
    (first,) = take(offers)
    orchestrator.terminate()
    (second,) = take(offers, 5)
    finish(offers, first)
    orchestrator.start()
    (third,) = take(offers, 5)
    assert [first, second, third] == ids
    finish(offers, second, third)
    assert end(offers, *ids) == ["FINISHED"] * 3


def test_nothing_is_written_while_offers_wait(offers: Any) -> None:
    offer(offers, 1, 2)
    wait_offered(offers, 2)

    def writes_nothing_for_a_while() -> bool:
        next_xid = "SELECT txid_snapshot_xmax(txid_current_snapshot())"
        before = offers.value(next_xid)
        offers.execute("SELECT 1 FROM pg_sleep(1)")
        return bool(offers.value(next_xid) == before)

    until(writes_nothing_for_a_while, what="the orchestrator to write nothing")


# ---- workers that fail ----


def test_what_a_worker_rolled_back_is_there_at_once(offers: Any) -> None:
    (task_id,) = offer(offers, 1)
    with offers.connect() as worker, offers.connect() as other:
        with worker.transaction(force_rollback=True):
            assert take(worker) == [task_id]
            assert take(other, wait="0") == [], "two had it"
        assert take(other, wait="0") == [task_id]
    finish(offers, task_id)
    assert end(offers, task_id) == ["FINISHED"]


def test_what_a_worker_had_when_it_died_goes_back_when_its_time_is_up(offers: Any) -> None:
    (task_id,) = offer(offers, 1)
    with offers.connect() as worker:
        assert take(worker, timeout="300 ms") == [task_id]
    assert take(offers) == [task_id]
    assert offers.execute("SELECT status, error FROM async.attempt WHERE task_id = %s", (task_id,)) == [
        ("INTERRUPTED", "its worker did not finish it in time")
    ]
    finish(offers, task_id)
    assert end(offers, task_id) == ["FINISHED"]


def test_a_late_answer_counts_as_long_as_there_is_no_other(offers: Any) -> None:
    early, late = offer(offers, 1, 2)
    wait_offered(offers, 2)
    assert take(offers, 2, timeout="300 ms") == [early, late]
    wait_offered(offers, 2)
    finish(offers, early, status="FAILED", error="late")
    assert end(offers, early) == ["FAILED"]
    assert take(offers) == [late]
    finish(offers, late)
    assert end(offers, late) == ["FINISHED"]
    assert take(offers, wait="0") == []
    assert sqlstate(offers, f"SELECT async.finish(ARRAY[{late}])") == "PF005"
    assert sqlstate(offers, f"SELECT async.finish(ARRAY[{early}])") == "PF005"


def test_a_task_is_timed_out_when_its_own_time_is_up(offers: Any) -> None:
    """Whoever has it, and however often it went back; also when nobody takes it."""
    held, tossed, ignored = offer(offers, 1, 2, 3, manual_timeout="700 ms")
    assert take(offers, 1) == [held]
    assert take(offers, 1, timeout="300 ms") == [tossed]
    assert end(offers, held, tossed, ignored) == ["TIMED_OUT"] * 3
    assert "700" in look(offers, held, "processing_error") or "00.7" in look(offers, held, "processing_error")
    assert look(offers, ignored, "processing_error") == "timed out waiting for a worker"
    assert sqlstate(offers, f"SELECT async.finish(ARRAY[{held}])") == "PF005"


def test_the_time_of_a_task_runs_on_when_it_goes_back(offers: Any) -> None:
    """It is counted from when it was first taken, and bounds the time of each later worker."""
    (task_id,) = offer(offers, 1, manual_timeout="1 h")
    times_up = "SELECT times_up FROM async.get_tasks('outside', 1, %s, '30 s')"
    offers.value(times_up, ("300 ms",))
    first = offers.value("SELECT consumed FROM async.v_task WHERE task_id = %s", (task_id,))
    assert offers.value(times_up, ("2 h",)) - first == timedelta(hours=1)
    finish(offers, task_id)
    assert end(offers, task_id) == ["FINISHED"]


@pytest.mark.parametrize("state", ["waiting", "offered", "taken", "being taken"])
def test_cancel(offers: Any, state: str) -> None:
    """Wherever the task is. Who has it is told when it answers; who is taking it gets nothing more of it."""
    add_target(offers, max_concurrency=1)
    ids = offer(offers, 1, 2)
    wait_offered(offers, 1)
    task_id = ids[1] if state == "waiting" else ids[0]
    with offers.connect(autocommit=False) as worker:
        if state in ("taken", "being taken"):
            assert take(worker) == [task_id]
        if state == "taken":
            worker.commit()
        offers.execute("SELECT async.cancel(%s, 'enough')", ([task_id],))
        assert end(offers, task_id) == ["CANCELED"]
        worker.rollback()
    assert sqlstate(offers, f"SELECT async.finish(ARRAY[{task_id}])") == "PF005"
    (other,) = set(ids) - {task_id}
    assert take(offers) == [other]
    finish(offers, other)
    assert end(offers, other) == ["FINISHED"]


def test_a_canceled_task_is_not_given_away_while_no_orchestrator_runs(offers: Any, orchestrator: Any) -> None:
    """Its offer outlived it, since somebody was just taking it."""
    (task_id,) = offer(offers, 1)
    wait_offered(offers, 1)
    with offers.connect(autocommit=False) as worker:
        assert take(worker) == [task_id]
        offers.execute("SELECT async.cancel(%s)", ([task_id],))
        assert end(offers, task_id) == ["CANCELED"]
        orchestrator.stop()
        worker.rollback()
    assert take(offers, wait="0") == []
    orchestrator.start()
    until(lambda: offered(offers) == 0, what="the offer to be removed")


def test_defer(offers: Any) -> None:
    taken, given = offer(offers, 1, 2)
    assert take(offers) == [taken]
    offers.execute("SELECT async.defer(%s, '200 ms')", ([taken, given],))
    until(lambda: offered(offers) == 0, what="them to be put off")
    assert sorted(take(offers, 2) + take(offers, 2, wait="1 s")) == [taken, given]
    finish(offers, taken, given)
    assert end(offers, taken, given) == ["FINISHED"] * 2


def test_what_is_deferred_while_it_is_being_taken_is_taken_once(offers: Any) -> None:
    (task_id,) = offer(offers, 1)
    wait_offered(offers, 1)
    with offers.connect(autocommit=False) as worker:
        assert take(worker) == [task_id]
        offers.execute("SELECT async.defer(%s, '0 s')", ([task_id],))
        assert take(offers) == [task_id]
        worker.commit()
    assert take(offers, wait="500 ms") == []
    finish(offers, task_id)
    assert end(offers, task_id) == ["FINISHED"]


def test_nothing_is_given_away_while_paused(offers: Any) -> None:
    (task_id,) = offer(offers, 1)
    wait_offered(offers, 1)
    offers.execute("SELECT async.pause()")
    assert take(offers, wait="0") == []
    offers.execute("SELECT async.resume()")
    assert take(offers) == [task_id]
    finish(offers, task_id)
    assert end(offers, task_id) == ["FINISHED"]


# ---- what makes no sense ----


def test_wrong_calls_have_their_sqlstates(offers: Any) -> None:
    for expected, sql in {
        "PF007": "SELECT * FROM async.get_tasks('no such target')",
        "22023": "SELECT * FROM async.get_tasks('outside', 0)",
        "22004": "SELECT async.push_task(async.task(NULL, NULL))",
    }.items():
        assert sqlstate(offers, sql) == expected
    assert sqlstate(offers, "SELECT * FROM async.get_tasks('outside', 1, '0 s')") == "22023"
    assert sqlstate(offers, "SELECT async.push_task(async.task('SELECT 1', 'outside'))") == "22023"
    error, _ = call(
        offers,
        "SELECT * FROM async.get_tasks('outside', 1, NULL, '1 s')",
        default_transaction_isolation="'serializable'",
    )
    assert error is not None
    assert error.sqlstate == "25001"


def test_a_target_needs_to_be_told_that_it_has_no_connection(offers: Any) -> None:
    with pytest.raises(psycopg.Error, match="not valid") as caught:
        configure(offers, targets=[{"target": "forgotten"}])
    assert "connection_string is missing" in str(caught.value.diag.message_detail)
    add_target(offers, max_concurrency=5)
    configure(offers, targets=[{"target": "outside", "max_concurrency": 4}])
    assert offers.execute(
        "SELECT is_self, max_concurrency FROM async.v_target_status WHERE target = 'outside'"
    ) == [(False, 4)]


# ---- a worker on a client, and one for a flow ----


def test_a_client_passes_tasks_on(offers: Any, client_db: Any) -> None:
    client_db.execute("SELECT async.server(%s)", (offers.conninfo,))
    (task_id,) = offer(offers, 1)
    rows = client_db.execute(
        "SELECT task_id, priority, task_data FROM async.get_tasks('outside', 1, '1 h', '30 s')"
    )
    assert rows == [(task_id, 0, {"n": 1})]
    client_db.execute("SELECT async.finish(%s)", ([task_id],))
    assert end(offers, task_id) == ["FINISHED"]


def test_a_node_whose_target_has_no_connection_is_done_by_a_worker(offers: Any) -> None:
    """It gets what a callback would get, for node and steps alike; its failures are tried again."""
    graph.prepare(offers)
    graph.configure(
        offers,
        "f",
        {
            "nodes": [
                {"node": "before", "target": "self", "routine": "work.run"},
                {
                    "node": "call",
                    "target": "outside",
                    "routine": "post",
                    "step_routine": "put",
                    "steps": [{"step": "1"}],
                    "retries": 1,
                    "retry_delay": "0 s",
                    "dependencies": [{"parent": "before"}],
                },
                {
                    "node": "after",
                    "target": "self",
                    "routine": "work.run",
                    "dependencies": [{"parent": "call"}],
                },
            ]
        },
    )
    flow_id = graph.run(offers, "f", {"a": 1})
    both = {"flow_id": flow_id, "flow": "f", "flow_arguments": {"a": 1}, "node": "call"}
    ((task_id, got),) = offers.execute(TAKE, (1, "1 h", "30 s"))
    assert got == both | {"routine": "post", "step_arguments": None, "task_id": task_id}
    finish(offers, task_id, status="FAILED", error="not yet")
    assert take(offers) == [task_id]
    finish(offers, task_id)
    ((step_id, got),) = offers.execute(TAKE, (1, "1 h", "30 s"))
    assert got == both | {"routine": "put", "step_arguments": {"step": "1"}, "task_id": step_id}
    finish(offers, step_id)
    assert wait_run(offers, flow_id) == "FINISHED"
    assert offers.execute("SELECT error FROM async.attempt WHERE task_id = %s", (task_id,)) == [("not yet",)]


def test_a_canceled_run_takes_its_tasks_back(offers: Any) -> None:
    graph.configure(
        offers,
        "f",
        {
            "nodes": [
                {
                    "node": "call",
                    "target": "outside",
                    "empty": True,
                    "steps": [{"step": n} for n in range(20)],
                }
            ]
        },
    )
    flow_id = graph.run(offers, "f", {})
    assert len(take(offers, 3)) == 3
    offers.execute("SELECT flow.cancel(%s)", (flow_id,))
    assert wait_run(offers, flow_id) == "CANCELED"
    assert take(offers, 3, wait="0") == []


def test_a_procedure_hands_its_work_to_a_worker(offers: Any) -> None:
    """A node that finishes asynchronously: the worker answers for the task that it took and for the node."""
    offers.execute(
        """CREATE PROCEDURE hand_over(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
           BEGIN
             PERFORM async.push_task(
               async.task(NULL, 'outside', jsonb_build_object('node_task', (_args).task_id)));
           END $$"""
    )
    configure(
        offers,
        targets=[{"target": "later", "connection_string": offers.conninfo, "asynchronous_finish": True}],
    )
    graph.configure(offers, "f", {"nodes": [{"node": "hand_over", "target": "later"}]})
    flow_id = graph.run(offers, "f", {})
    ((task_id, data),) = offers.execute(TAKE, (1, "1 h", "30 s"))
    finish(offers, task_id, data["node_task"])
    assert wait_run(offers, flow_id) == "FINISHED"
