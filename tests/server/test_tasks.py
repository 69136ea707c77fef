"""What the task engine promises in ordinary times: results, order, limits, time, cancellation, its own
life."""

from __future__ import annotations

import json
import threading
from typing import Any

import psycopg
import pytest

from tests.model.work import Gate
from tests.support.wait import until

SCHEMA = """
CREATE SCHEMA work;
CREATE TABLE work.did(id INT, begun TIMESTAMPTZ DEFAULT clock_timestamp(), ended TIMESTAMPTZ);
CREATE PROCEDURE work.do(_id INT, _seconds FLOAT8 DEFAULT 0) LANGUAGE plpgsql AS $$
DECLARE
  moment TIMESTAMPTZ := clock_timestamp();
BEGIN
  PERFORM pg_sleep(_seconds);
  INSERT INTO work.did VALUES (_id, moment, clock_timestamp());
END
$$;
"""


@pytest.fixture
def tasks(db: Any, orchestrator: Any) -> Any:
    """A database with something to do and an orchestrator."""
    db.execute(SCHEMA)
    return db


def configure(db: Any, **configuration: Any) -> None:
    db.execute("SELECT async.configure(%s)", (json.dumps(configuration),))


def push(db: Any, query: str | None, target: str = "self", run_type: str | None = None, **more: Any) -> int:
    """Queue one task and return its id; ``more`` are arguments of async.task without their underscore."""
    named = "".join(f", _{name} => %({name})s" for name in more)
    kind = "" if run_type is None else f", _run_type => '{run_type}'"
    sql = f"SELECT * FROM async.push_tasks(ARRAY[async.task(%(query)s, %(target)s{named})]{kind})"
    task_id = db.value(sql, {"query": query, "target": target} | more)
    assert isinstance(task_id, int)
    return task_id


def push_many(db: Any, count: int, query: str, target: str = "self", pool: str | None = None) -> list[int]:
    """Queue ``count`` tasks; ``%s`` in the query becomes the number of each."""
    sql = """SELECT * FROM async.push_tasks(ARRAY(
               SELECT async.task(format(%s, n), %s, _concurrency_pool => %s)
               FROM generate_series(1, %s) AS n))"""
    return [task_id for (task_id,) in db.execute(sql, (query, target, pool, count))]


def look(db: Any, task_id: int, column: str = "finish_status") -> Any:
    """One column of a task."""
    return db.value(f"SELECT {column} FROM async.v_task WHERE task_id = %s", (task_id,))


def end(db: Any, *task_ids: int, timeout: float = 30) -> list[str]:
    """Wait until the tasks are processed and return their finish statuses."""
    waits = "SELECT count(*)::INT FROM async.v_task WHERE task_id = ANY(%s) AND processed IS NULL"
    ids = list(task_ids)
    taken_in(db, *ids)
    until(
        lambda: db.value(waits, (ids,)) == 0,
        timeout=timeout,
        what=f"tasks {ids[:9]} to end",
    )
    statuses = dict(
        db.execute("SELECT task_id, finish_status FROM async.v_task WHERE task_id = ANY(%s)", (ids,))
    )
    return [statuses[task_id] for task_id in ids]


def taken_in(db: Any, *task_ids: int) -> None:
    """Wait until the orchestrator knows the tasks; what was asked before them it then has taken in too."""
    known = "SELECT count(*)::INT FROM async.v_task WHERE task_id = ANY(%s)"
    until(lambda: db.value(known, (list(task_ids),)) == len(task_ids), what="the tasks to be taken in")


def did(db: Any) -> list[int]:
    """What has been done, in its order."""
    return [number for (number,) in db.execute("SELECT id FROM work.did ORDER BY ended, id")]


def most_at_once(db: Any) -> int:
    """The most calls of work.do that ran at one time."""
    most = db.value(
        """SELECT max(n)::INT FROM (
             SELECT (SELECT count(*) FROM work.did AS o WHERE o.begun <= d.begun AND d.begun < o.ended) AS n
             FROM work.did AS d) AS counted"""
    )
    assert isinstance(most, int)
    return most


def call(db: Any, sql: str, **settings: str) -> tuple[psycopg.Error | None, list[str]]:
    """Run ``sql`` in a session of its own; returns its error and the notices it sent."""
    notices: list[str] = []
    with db.connect() as connection:
        connection.add_notice_handler(lambda diagnostic: notices.append(str(diagnostic.message_primary)))
        for name, value in settings.items():
            connection.execute(f"SET {name} = {value}")
        try:
            connection.execute(sql)
        except psycopg.Error as error:
            return error, notices
    return None, notices


# ---- results ----


def test_result_and_error_are_recorded(tasks: Any) -> None:
    good = push(tasks, "CALL work.do(1)")
    bad = push(tasks, "CALL work.do(2 / 0)")
    assert end(tasks, good, bad) == ["FINISHED", "FAILED"]
    row = (
        "SELECT target, failed, processing_error, entered <= consumed AND consumed <= "
        "processed, query FROM async.v_task WHERE task_id = %s"
    )
    assert tasks.execute(row, (good,)) == [("self", False, None, True, "CALL work.do(1)")]
    ((_, failed, error, _, _),) = tasks.execute(row, (bad,))
    assert failed
    assert "division by zero" in error
    assert did(tasks) == [1]


def test_any_one_statement_is_a_task(tasks: Any) -> None:
    ids = [
        push(tasks, query)
        for query in (
            "INSERT INTO work.did(id) VALUES (1)",
            "CALL work.do(2);",
            "CALL work.do(3) -- and a comment",
            "/* ; */ CALL work.do(4)",
            "SELECT set_config('x.y', ';', false)",
            "WITH n AS (SELECT 5 AS n) INSERT INTO work.did(id) SELECT n FROM n",
            "DO 'BEGIN INSERT INTO work.did(id) VALUES (6); END'",
            "CREATE TABLE work.made(n INT)",
        )
    ]
    assert end(tasks, *ids) == ["FINISHED"] * len(ids)
    assert sorted(did(tasks)) == [1, 2, 3, 4, 5, 6]
    assert tasks.value("SELECT to_regclass('work.made') IS NOT NULL")


@pytest.mark.parametrize(
    "query",
    [
        "CALL work.do(1); CALL work.do(2)",
        "CALL work.do(1); DROP TABLE work.did",
        "CALL work.do(1) $$; DROP TABLE work.did; --",
        "CALL work.do(1); COMMIT; CALL work.do(2)",
        "CALL work.do(1) END; $q$; COMMIT",
        "SELECT 1; SELECT 2",
        "COMMIT",
        "this is no SQL",
        "CALL work.do(",
        "",
        "-- nothing",
    ],
)
def test_what_is_not_one_statement_is_refused_or_fails(tasks: Any, query: str) -> None:
    """With an error at the push or a failed task; in no case does any of it run or hurt what comes after."""
    try:
        task_id = push(tasks, query)
    except psycopg.Error:
        pass
    else:
        assert end(tasks, task_id) == ["FAILED"]
        assert look(tasks, task_id, "processing_error")
    assert end(tasks, push(tasks, "CALL work.do(9)")) == ["FINISHED"]
    assert did(tasks) == [9]


def test_a_call_may_commit_by_itself(tasks: Any) -> None:
    tasks.execute(
        """CREATE PROCEDURE work.commits() LANGUAGE plpgsql AS
           $$ BEGIN
                INSERT INTO work.did(id) VALUES (1); COMMIT;
                INSERT INTO work.did(id) VALUES (2); ROLLBACK;
                INSERT INTO work.did(id) VALUES (3); COMMIT;
                RAISE EXCEPTION 'after all';
              END $$"""
    )
    assert end(tasks, push(tasks, "CALL work.commits()")) == ["FAILED"]
    assert sorted(did(tasks)) == [1, 3]


def test_raw_statements_run_outside_a_transaction_block(tasks: Any) -> None:
    ids = [
        push(tasks, q, raw=True)
        for q in ("VACUUM work.did", "CREATE INDEX CONCURRENTLY did_id ON work.did(id)", "VACUUM no_such")
    ]
    assert end(tasks, *ids) == ["FINISHED", "FINISHED", "FAILED"]
    assert tasks.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'work.did_id'::REGCLASS")


def test_run_types_that_never_run(tasks: Any) -> None:
    dead, empty = (
        push(tasks, "CALL work.do(1)", run_type="DOA"),
        push(tasks, "CALL work.do(2)", run_type="EMPTY"),
    )
    assert end(tasks, dead, empty) == ["DOA", "FINISHED"]
    assert (look(tasks, dead, "failed"), look(tasks, empty, "failed")) == (True, False)
    assert did(tasks) == []


def test_task_data_and_source_stay_with_the_task(tasks: Any) -> None:
    sql = (
        "SELECT * FROM async.push_tasks(ARRAY[async.task('CALL work.do(1)', 'self', "
        "'{\"a\": 1}')], _source => 'the test')"
    )
    task_id = tasks.value(sql)
    assert end(tasks, task_id) == ["FINISHED"]
    assert look(tasks, task_id, "source") == "the test"


def test_many_tasks_each_once(tasks: Any) -> None:
    ids = push_many(tasks, 5000, "CALL work.do(%s)")
    assert len(set(ids)) == 5000
    assert set(end(tasks, *ids, timeout=60)) == {"FINISHED"}
    assert sorted(did(tasks)) == list(range(1, 5001))


def test_a_failing_task_ends_only_itself(tasks: Any) -> None:
    """Every seventh of many short tasks fails, in the midst of batches."""
    ids = push_many(tasks, 500, "CALL work.do(1 / (%1$s %% 7) * 0 + %1$s)")
    assert end(tasks, *ids) == ["FAILED" if n % 7 == 0 else "FINISHED" for n in range(1, 501)]
    assert sorted(did(tasks)) == [n for n in range(1, 501) if n % 7]


def test_a_push_that_is_rolled_back_never_was(tasks: Any) -> None:
    with tasks.connect() as connection:
        with connection.transaction(force_rollback=True):
            connection.execute("SELECT * FROM async.push_tasks(ARRAY[async.task('CALL work.do(1)', 'self')])")
        with connection.transaction():
            connection.execute("SELECT * FROM async.push_tasks(ARRAY[async.task('CALL work.do(2)', 'self')])")
            assert end(tasks, push(tasks, "CALL work.do(3)")) == ["FINISHED"]
    until(lambda: len(did(tasks)) == 2, what="both tasks to run")
    assert did(tasks) == [3, 2]


def test_latch_returns_when_what_was_asked_before_is_known(tasks: Any, orchestrator: Any) -> None:
    """And not before: without an orchestrator it waits for one."""
    orchestrator.stop()
    returned = threading.Event()

    def wait_for_it() -> None:
        with tasks.connect() as connection:
            connection.execute("SELECT async.wait_for_latch()")
            returned.set()

    tasks.execute("SELECT async.pause()")
    task_id = push(tasks, "CALL work.do(1)")
    waiter = threading.Thread(target=wait_for_it, daemon=True)
    waiter.start()
    asleep = (
        "SELECT count(*)::INT FROM pg_stat_activity WHERE query LIKE '%%for_latch()' AND state = 'active'"
    )
    until(lambda: tasks.value(asleep, ()) == 1, what="the waiter to wait")
    assert not returned.is_set()
    orchestrator.start()
    assert returned.wait(30)
    waiter.join(30)
    assert look(tasks, task_id, "entered") is not None
    tasks.execute("SELECT async.resume()")
    assert end(tasks, task_id) == ["FINISHED"]


def test_latch_of_the_callers_own_transaction_is_refused(tasks: Any) -> None:
    error, _ = call(
        tasks,
        """DO $$ BEGIN
             PERFORM async.push_tasks(ARRAY[async.task('CALL work.do(1)', 'self')]);
             PERFORM async.wait_for_latch();
           END $$""",
    )
    assert error is not None
    assert error.sqlstate == "PF011"


@pytest.mark.parametrize(
    ("sqlstate", "sql"),
    [
        ("PF007", "SELECT async.push_tasks(ARRAY[async.task('CALL work.do(1)', 'no such target')])"),
        ("PF004", "SELECT async.finish(ARRAY[0::BIGINT], 'FINISHED', NULL)"),
        ("PF004", "SELECT async.cancel(ARRAY[0::BIGINT])"),
        ("PF004", "SELECT async.restart_task(0)"),
    ],
)
def test_errors_have_their_sqlstates(tasks: Any, sqlstate: str, sql: str) -> None:
    error, _ = call(tasks, sql)
    if isinstance(error, psycopg.errors.UndefinedFunction):
        raise error
    assert error is not None
    assert error.sqlstate == sqlstate


# ---- order and limits ----


def test_priority_then_age(tasks: Any) -> None:
    configure(tasks, concurrency_pools=[{"concurrency_pool": "one", "max_workers": 1}])
    with Gate(tasks) as gate:
        first = push(tasks, "SELECT work.gate(1)", concurrency_pool="one")
        until(lambda: gate.waiting() == 1, what="the only worker to be taken")
        ranks = [5, 1, 3, 1, -4, 3]
        ids = [
            push(tasks, f"CALL work.do({n})", priority=rank, concurrency_pool="one")
            for n, rank in enumerate(ranks)
        ]
        taken_in(tasks, *ids)
    assert set(end(tasks, first, *ids)) == {"FINISHED"}
    assert did(tasks) == [4, 1, 3, 2, 5, 0]


def test_a_pool_limits_what_runs_at_once(tasks: Any) -> None:
    configure(tasks, concurrency_pools=[{"concurrency_pool": "three", "max_workers": 3}])
    ids = push_many(tasks, 15, "CALL work.do(%s, 0.1)", pool="three")
    assert set(end(tasks, *ids)) == {"FINISHED"}
    assert most_at_once(tasks) == 3


def test_a_pool_that_nobody_configured_has_the_default_size(tasks: Any) -> None:
    configure(tasks, control={"default_concurrency_pool_workers": 2})
    assert set(end(tasks, *push_many(tasks, 10, "CALL work.do(%s, 0.1)", pool="unheard of"))) == {"FINISHED"}
    assert most_at_once(tasks) == 2


def test_a_target_limits_what_runs_at_once(tasks: Any) -> None:
    """In whatever pools its tasks are."""
    configure(tasks, targets=[{"target": "two", "connection_string": tasks.conninfo, "max_concurrency": 2}])
    configure(tasks, concurrency_pools=[{"concurrency_pool": "wide", "max_workers": 50}])
    ids = push_many(tasks, 6, "CALL work.do(%s, 0.1)", target="two")
    ids += push_many(tasks, 6, "CALL work.do(%s, 0.1)", target="two", pool="wide")
    assert set(end(tasks, *ids)) == {"FINISHED"}
    assert most_at_once(tasks) == 2


def test_a_full_pool_stops_no_other(tasks: Any) -> None:
    """100 tasks stand before a closed gate in their pool; others of the same target go on."""
    pools = {"stuck": 2, "free": 4}
    configure(tasks, concurrency_pools=[{"concurrency_pool": p, "max_workers": n} for p, n in pools.items()])
    with Gate(tasks) as gate:
        stuck = push_many(tasks, 100, "SELECT work.gate(1)", pool="stuck")
        until(lambda: gate.waiting() == 2, what="the pool to be full")
        others = push_many(tasks, 50, "CALL work.do(%s)", pool="free")
        assert set(end(tasks, *others)) == {"FINISHED"}
        assert gate.waiting() == 2
    assert set(end(tasks, *stuck)) == {"FINISHED"}


def test_batch_mates_of_a_slow_task_are_not_held_up(tasks: Any) -> None:
    """Short tasks have taught the engine to send many at once; one that then stands at a gate holds
    back none of the others."""
    assert set(end(tasks, *push_many(tasks, 2000, "CALL work.do(%s)"))) == {"FINISHED"}
    with Gate(tasks) as gate:
        ids = push_many(tasks, 400, "SELECT CASE WHEN %s %% 133 = 0 THEN work.gate(1) END")
        stuck = [ids[n - 1] for n in (133, 266, 399)]
        assert set(end(tasks, *(i for i in ids if i not in stuck))) == {"FINISHED"}
        assert gate.waiting() == 3
    assert end(tasks, *stuck) == ["FINISHED"] * 3


# ---- time and cancellation ----


def test_a_task_that_overruns_its_time(tasks: Any) -> None:
    with Gate(tasks) as gate:
        late = push(tasks, "SELECT work.gate(1)", manual_timeout="300 ms")
        other = push(tasks, "CALL work.do(1, 1)")
        assert end(tasks, late) == ["TIMED_OUT"]
        until(lambda: gate.waiting() == 0, what="the late query to be interrupted")
    assert look(tasks, late, "failed")
    assert look(tasks, late, "processing_error")
    assert end(tasks, other) == ["FINISHED"]


def test_a_timeout_among_many_short_tasks_hits_nothing_else(tasks: Any) -> None:
    """The tasks that share a message with the late one take effect once each."""
    assert set(end(tasks, *push_many(tasks, 2000, "CALL work.do(%s)"))) == {"FINISHED"}
    tasks.execute("TRUNCATE work.did")
    tasks.execute("SELECT async.pause()")
    with Gate(tasks):
        before = push_many(tasks, 200, "CALL work.do(%s)")
        late = [push(tasks, "SELECT work.gate(1)", manual_timeout="300 ms") for _ in range(3)]
        after = push_many(tasks, 200, "CALL work.do(200 + %s)")
        tasks.execute("SELECT async.resume()")
        assert end(tasks, *late) == ["TIMED_OUT"] * 3
        assert set(end(tasks, *before, *after)) == {"FINISHED"}
    assert sorted(did(tasks)) == list(range(1, 401))


def test_default_timeouts(tasks: Any) -> None:
    configure(
        tasks, targets=[{"target": "brisk", "connection_string": tasks.conninfo, "default_timeout": "300 ms"}]
    )
    with Gate(tasks):
        assert end(tasks, push(tasks, "SELECT work.gate(1)", target="brisk")) == ["TIMED_OUT"]
        configure(tasks, control={"default_timeout": "400 ms"})
        assert end(tasks, push(tasks, "SELECT work.gate(1)")) == ["TIMED_OUT"]


def test_cancel_what_waits_and_what_runs(tasks: Any) -> None:
    configure(tasks, concurrency_pools=[{"concurrency_pool": "one", "max_workers": 1}])
    with Gate(tasks) as gate:
        runs = push(tasks, "SELECT work.gate(1)", concurrency_pool="one")
        until(lambda: gate.waiting() == 1, what="the first task to run")
        waits = push(tasks, "CALL work.do(1)", concurrency_pool="one")
        stays = push(tasks, "CALL work.do(2)", concurrency_pool="one")
        taken_in(tasks, waits)
        tasks.execute("SELECT async.cancel(%s, 'not wanted')", ([waits, runs],))
        assert end(tasks, waits, runs) == ["CANCELED", "CANCELED"]
        assert "not wanted" in look(tasks, waits, "processing_error")
        until(lambda: gate.waiting() == 0, what="the running query to be interrupted")
    assert end(tasks, stays) == ["FINISHED"]
    assert did(tasks) == [2]


def test_what_was_just_pushed_can_be_canceled(tasks: Any, orchestrator: Any) -> None:
    """Also while no orchestrator is there to know of it."""
    orchestrator.stop()
    task_id = push(tasks, "CALL work.do(1)")
    tasks.execute("SELECT async.cancel(%s)", ([task_id],))
    orchestrator.start()
    assert end(tasks, task_id, push(tasks, "CALL work.do(2)")) == ["CANCELED", "FINISHED"]
    assert did(tasks) == [2]


def test_finish_from_outside(tasks: Any) -> None:
    configure(
        tasks, targets=[{"target": "later", "connection_string": tasks.conninfo, "asynchronous_finish": True}]
    )
    ids = [push(tasks, f"CALL work.do({n})", target="later") for n in (1, 2)]
    now = push(tasks, "CALL work.do(3)", target="later", run_type="EXECUTE_NOASYNC")
    late = push(tasks, "CALL work.do(4)", target="later", manual_timeout="500 ms")
    gone = push(tasks, "CALL work.do(5)", target="later")
    fails = push(tasks, "CALL work.do(6 / 0)", target="later")
    waits = """SELECT count(*)::INT FROM async.v_task
               WHERE task_id = ANY(%s) AND yielded IS NOT NULL AND processed IS NULL"""
    until(lambda: tasks.value(waits, ([*ids, gone],)) == 3, what="the tasks to yield")
    tasks.execute("SELECT async.finish(%s, 'FINISHED', NULL)", ([ids[0]],))
    tasks.execute("SELECT async.finish(%s, 'FAILED', 'no luck')", ([ids[1]],))
    tasks.execute("SELECT async.cancel(%s, 'enough')", ([gone],))
    assert end(tasks, *ids, now, late, gone, fails) == [
        "FINISHED",
        "FAILED",
        "FINISHED",
        "TIMED_OUT",
        "CANCELED",
        "FAILED",
    ]
    assert "no luck" in look(tasks, ids[1], "processing_error")
    with pytest.raises(psycopg.Error) as caught:
        tasks.execute("SELECT async.finish(%s, 'FINISHED', NULL)", ([ids[0]],))
    assert caught.value.sqlstate == "PF005"


def test_defer_puts_a_task_back(tasks: Any) -> None:
    configure(tasks, concurrency_pools=[{"concurrency_pool": "one", "max_workers": 1}])
    with Gate(tasks) as gate:
        push(tasks, "SELECT work.gate(1)", concurrency_pool="one")
        until(lambda: gate.waiting() == 1, what="the only worker to be taken")
        first, second = (push(tasks, f"CALL work.do({n})", concurrency_pool="one") for n in (1, 2))
        taken_in(tasks, first, second)
        tasks.execute("SELECT async.defer(%s, '1 s')", ([first],))
        taken_in(tasks, push(tasks, "CALL work.do(3)", concurrency_pool="one"))
    assert end(tasks, first, second) == ["FINISHED", "FINISHED"]
    assert did(tasks) == [2, 3, 1]


def test_restart_task(tasks: Any) -> None:
    tasks.execute("CREATE TABLE work.mended(mended BOOL)")
    task_id = push(tasks, "INSERT INTO work.did(id) SELECT 1 / count(*)::INT FROM work.mended")
    assert end(tasks, task_id) == ["FAILED"]
    tasks.execute("INSERT INTO work.mended VALUES (true)")
    tasks.execute("SELECT async.restart_task(%s)", (task_id,))
    until(lambda: did(tasks) == [1], what="the task to run again")


def test_a_waiting_task_that_is_put_off_runs_once(tasks: Any) -> None:
    """Its time comes while what was before it in the queue still runs: it has its old place then."""
    configure(tasks, concurrency_pools=[{"concurrency_pool": "one", "max_workers": 1}])
    with Gate(tasks) as gate:
        push(tasks, "SELECT work.gate(1)", concurrency_pool="one")
        until(lambda: gate.waiting() == 1, what="the only worker to be taken")
        first, second = (push(tasks, f"CALL work.do({n})", concurrency_pool="one") for n in (1, 2))
        taken_in(tasks, first, second)
        tasks.execute("SELECT async.defer(%s, '100 ms')", ([first],))
        tasks.execute("SELECT async.wait_for_latch()")
        assert tasks.execute("SELECT * FROM async.check_consistency()") == []
        until(lambda: tasks.value("SELECT count(*) = 0 FROM async.delayed"), what="its time to come")
        assert tasks.execute("SELECT * FROM async.check_consistency()") == []
    assert end(tasks, first, second) == ["FINISHED", "FINISHED"]
    assert end(tasks, push(tasks, "CALL work.do(3)", concurrency_pool="one")) == ["FINISHED"]
    assert did(tasks) == [1, 2, 3]


@pytest.mark.parametrize("end_before", ["FINISHED", "FAILED", "CANCELED"])
def test_a_task_is_restarted_however_it_ended(tasks: Any, end_before: str) -> None:
    """Under its own number; how it ended before stays readable, and it has its retries again."""
    configure(tasks, concurrency_pools=[{"concurrency_pool": "one", "max_workers": 1}])
    tasks.execute(
        "CREATE TABLE work.flag(broken BOOL); INSERT INTO work.flag VALUES (%s)" % (end_before == "FAILED")
    )
    query = "INSERT INTO work.did(id) SELECT 1 / (NOT broken)::INT FROM work.flag"
    with Gate(tasks) as gate:
        push(tasks, "SELECT work.gate(1)", concurrency_pool="one")
        until(lambda: gate.waiting() == 1, what="the only worker to be taken")
        task_id = push(tasks, query, concurrency_pool="one")
        taken_in(tasks, task_id)
        if end_before == "CANCELED":
            tasks.execute("SELECT async.cancel(ARRAY[%s])", (task_id,))
            assert end(tasks, task_id) == ["CANCELED"]
            tasks.execute("SELECT async.restart_task(%s)", (task_id,))
            tasks.execute("SELECT async.wait_for_latch()")
            assert look(tasks, task_id, "state") == "READY"
    if end_before != "CANCELED":
        assert end(tasks, task_id) == [end_before]
        tasks.execute("UPDATE work.flag SET broken = false")
        tasks.execute("SELECT async.restart_task(%s)", (task_id,))
        tasks.execute("SELECT async.wait_for_latch()")
    assert end(tasks, task_id) == ["FINISHED"]
    assert did(tasks) == [1, 1] if end_before == "FINISHED" else [1]
    attempts = "SELECT attempt, status, counted FROM async.attempt WHERE task_id = %s"
    assert tasks.execute(attempts, (task_id,)) == [(1, end_before, False)]


def test_a_restarted_task_is_restarted_once(tasks: Any) -> None:
    """Two ask in one breath: the second finds that it has not ended, and is logged."""
    task_id = push(tasks, "CALL work.do(1)")
    assert end(tasks, task_id) == ["FINISHED"]
    twice = "SELECT async.restart_task(%s), async.restart_task(%s)"
    tasks.execute(twice, (task_id, task_id))
    tasks.execute("SELECT async.wait_for_latch()")
    assert end(tasks, task_id) == ["FINISHED"]
    assert did(tasks) == [1, 1]


def test_what_is_not_restarted(tasks: Any) -> None:
    """A task that has not ended, one that was only recorded, one of a run: with a hint."""

    def refusal(task_id: int) -> psycopg.Error:
        with pytest.raises(psycopg.Error) as caught:
            tasks.execute("SELECT async.restart_task(%s)", (task_id,))
        assert caught.value.sqlstate == "PF005"
        return caught.value

    tasks.execute("SELECT async.pause()")
    open_task = push(tasks, "CALL work.do(1)")
    refusal(open_task)
    taken_in(tasks, open_task)
    refusal(open_task)
    tasks.execute("SELECT async.resume()")
    recorded = push(tasks, "CALL work.do(2)", run_type="EMPTY")
    assert end(tasks, open_task, recorded) == ["FINISHED", "FINISHED"]
    refusal(recorded)
    tasks.execute(
        """CREATE PROCEDURE work.nothing(_args flow.callback_arguments_t) LANGUAGE sql AS 'SELECT 1';
           SELECT flow.configure_flow(
             'f', '{"nodes": [{"node": "a", "target": "self", "routine": "work.nothing"}]}')"""
    )
    flow_id = tasks.value("SELECT flow.run_flow('f', '{}')")
    tasks.execute("CALL flow.wait(%s, '30 s')", (flow_id,))
    of_run = tasks.value("SELECT task_id FROM flow.v_flow_task WHERE flow_id = %s", (flow_id,))
    assert "flow.restart_flow()" in (refusal(of_run).diag.message_hint or "")


def test_workers_outside_take_tasks_without_query(tasks: Any) -> None:
    """Offered under the target's limit, taken by one worker each, given back when the time is up."""
    tasks.execute("SELECT 'async.get_tasks(TEXT, INT, INTERVAL)'::REGPROCEDURE")
    configure(
        tasks, targets=[{"target": "outside", "connection_string": tasks.conninfo, "max_concurrency": 3}]
    )
    ids = [push(tasks, None, target="outside", task_data=json.dumps({"n": n})) for n in range(5)]
    take = "SELECT task_id, task_data FROM async.get_tasks('outside', %s, %s)"
    taken: list[tuple[Any, ...]] = []
    with tasks.connect() as one, tasks.connect() as two:

        def more(connection: Any, limit: int, time: str) -> bool:
            taken.extend(connection.execute(take, (limit, time)).fetchall())
            return len(taken) >= 3

        until(lambda: more(one, 2, "30 s") or more(two, 2, "30 s"), what="three tasks to be taken")
        assert len(taken) == 3, "more were taken than the target may run"
        assert len({task_id for task_id, _ in taken}) == 3
        tasks.execute("SELECT async.finish(%s, 'FINISHED', NULL)", ([i for i, _ in taken],))
        before = len(taken)
        until(lambda: more(one, 5, "300 ms") and len(taken) == before + 2, what="the other two to be taken")
        until(lambda: more(two, 5, "30 s") and len(taken) == before + 4, what="them to be given back")
        tasks.execute("SELECT async.finish(%s, 'FINISHED', NULL)", ([i for i, _ in taken[-2:]],))
    assert end(tasks, *ids) == ["FINISHED"] * 5
    assert dict(taken) == {i: {"n": n} for n, i in enumerate(ids)}


# ---- the orchestrator's own life ----


def test_pause_and_resume(tasks: Any) -> None:
    tasks.execute("SELECT async.pause()")
    task_id = push(tasks, "CALL work.do(1)")
    taken_in(tasks, task_id)
    assert look(tasks, task_id, "consumed") is None
    assert did(tasks) == []
    tasks.execute("SELECT async.resume()")
    assert end(tasks, task_id) == ["FINISHED"]


def test_stop_and_start_again(tasks: Any, orchestrator: Any) -> None:
    assert end(tasks, push(tasks, "CALL work.do(1)")) == ["FINISHED"]
    orchestrator.stop()
    assert orchestrator.error is None
    until(lambda: sessions(tasks) == 0, what="the engine's sessions to be gone")
    task_id = push(tasks, "CALL work.do(2)")
    orchestrator.start()
    assert end(tasks, task_id) == ["FINISHED"]
    assert did(tasks) == [1, 2]


def sessions(db: Any) -> int:
    """How many sessions of the engine's there are in this database."""
    found = db.value(
        "SELECT count(*)::INT FROM pg_stat_activity WHERE datname = "
        "current_database() AND application_name LIKE 'pgflow%%'",
        (),
    )
    assert isinstance(found, int)
    return found


def test_a_second_orchestrator_returns_with_a_notice(tasks: Any, orchestrator: Any) -> None:
    pid = orchestrator.pid
    error, notices = call(tasks, "CALL async.main()")
    assert error is None
    assert notices, "it said nothing"
    assert end(tasks, push(tasks, "CALL work.do(1)")) == ["FINISHED"]
    assert orchestrator.pid == pid
    assert orchestrator.error is None


def test_force_takes_over(tasks: Any, orchestrator: Any) -> None:
    """The callback that runs meanwhile is not disturbed."""
    with Gate(tasks) as gate:
        held = push(tasks, "SELECT work.gate(1)")
        until(lambda: gate.waiting() == 1, what="the task to run")
        old = orchestrator.pid
        follower = tasks.connect()
        thread = threading.Thread(target=lambda: follower.execute("CALL async.main(_force => true)"))
        thread.start()
        gone = (
            "SELECT count(*)::INT FROM pg_stat_activity WHERE pid = %s AND query ILIKE "
            "'%%async.main%%' AND state = 'active'"
        )
        until(lambda: tasks.value(gone, (old,)) == 0, what="the old orchestrator to end")
        assert end(tasks, push(tasks, "CALL work.do(1)")) == ["FINISHED"]
        assert gate.waiting() == 1
    assert end(tasks, held) == ["FINISHED"]
    tasks.execute("SELECT async.stop()")
    thread.join(30)
    assert not thread.is_alive()
    follower.close()


def test_a_statement_timeout_is_refused_with_a_hint(tasks: Any, orchestrator: Any) -> None:
    orchestrator.stop()
    error, _ = call(tasks, "CALL async.main()", statement_timeout="'60s'")
    assert error is not None
    assert error.sqlstate == "PF013"
    assert error.diag.message_hint


def test_manual_mode(tasks: Any, orchestrator: Any) -> None:
    """Nothing happens but by async.cycle()."""
    orchestrator.stop()
    task_id = push(tasks, "CALL work.do(1)")
    with tasks.connect() as connection:
        connection.execute("CALL async.main(_manual_mode => true)")
        assert did(tasks) == []

        def cycle() -> bool:
            connection.execute("CALL async.cycle()")
            return bool(look(tasks, task_id) == "FINISHED")

        until(cycle, what="the task to end by cycles")
    orchestrator.start()
    assert end(tasks, push(tasks, "CALL work.do(2)")) == ["FINISHED"]


def test_a_target_that_cannot_be_reached_keeps_its_tasks(tasks: Any) -> None:
    """They wait; their timeout or a cancel ends them; other targets go on; once it can be reached they
    run."""
    broken = tasks.conninfo + " dbname=no_such_database"
    configure(tasks, targets=[{"target": "broken", "connection_string": broken}])
    waits, gone = (push(tasks, f"CALL work.do({n})", target="broken") for n in (1, 2))
    late = push(tasks, "CALL work.do(3)", target="broken", manual_timeout="500 ms")
    others = push_many(tasks, 100, "CALL work.do(%s)")
    assert set(end(tasks, *others)) == {"FINISHED"}
    tasks.execute("SELECT async.cancel(%s, 'enough')", ([gone],))
    assert end(tasks, late, gone) == ["TIMED_OUT", "CANCELED"]
    assert look(tasks, waits) is None
    assert look(tasks, waits, "processed") is None
    configure(tasks, targets=[{"target": "broken", "connection_string": tasks.conninfo}])
    assert end(tasks, waits, timeout=60) == ["FINISHED"]


def test_finished_work_is_removed_after_its_time(tasks: Any, orchestrator: Any) -> None:
    orchestrator.stop()
    configure(
        tasks,
        control={
            "task_keep_duration": "1 s",
            "light_maintenance_sleep": "200 ms",
            "heavy_maintenance_sleep": "200 ms",
        },
    )
    orchestrator.start()
    with Gate(tasks) as gate:
        held = push(tasks, "SELECT work.gate(1)")
        until(lambda: gate.waiting() == 1, what="the task that stays open")
        ids = push_many(tasks, 300, "CALL work.do(%s)")
        until(lambda: len(did(tasks)) == 300, what="the tasks to run")
        left = "SELECT count(*)::INT FROM async.v_task WHERE task_id = ANY(%s)"
        until(lambda: tasks.value(left, (ids,)) == 0, what="finished tasks to be removed")
        assert tasks.value(left, ([held],)) == 1, "an open task was removed"
    until(lambda: tasks.value(left, ([held],)) == 0, what="the last task to be removed")


def test_the_engines_views_answer(tasks: Any) -> None:
    with Gate(tasks) as gate:
        push(tasks, "SELECT work.gate(1)")
        until(lambda: gate.waiting() == 1, what="the task to run")
        for view in ("v_server_info", "v_worker_info", "v_target_status", "v_concurrency_pool_info"):
            assert tasks.value(f"SELECT count(*)::INT FROM async.{view}") > 0, view
