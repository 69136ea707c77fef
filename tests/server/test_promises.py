"""Single promises of the API that no other test asks about: each option does what the reference says."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.model import work
from tests.model.work import Gate, configure, node_states, procedure, run
from tests.support.database import create_database
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until, wait_run


@pytest.fixture
def flows(db: Any, orchestrator: Any) -> Any:
    """A database with the callbacks and an orchestrator."""
    work.prepare(db)
    return db


@pytest.fixture
def client(flows: Any, client_db: Any) -> Any:
    """A client of ``flows`` that knows its server and is its target ``client``."""
    work.prepare(client_db)
    engine(flows, targets=[{"target": "client", "connection_string": client_db.conninfo}])
    client_db.execute("SELECT async.server(%s)", (flows.conninfo,))
    return client_db


def engine(db: Any, **configuration: Any) -> None:
    db.execute("SELECT async.configure(%s)", (json.dumps(configuration),))


def push(db: Any, query: str, target: str = "self") -> int:
    return int(db.value("SELECT async.push_task(async.task(%s, %s))", (query, target)))


def status(db: Any, task_id: int) -> Any:
    rows = db.execute("SELECT finish_status FROM async.v_task WHERE task_id = %s", (task_id,))
    return rows[0][0] if rows else None


def ended(db: Any, *task_ids: int) -> list[str]:
    """Wait until the tasks have ended and return how."""
    until(lambda: all(status(db, task_id) for task_id in task_ids), what=f"tasks {task_ids} to end")
    return [status(db, task_id) for task_id in task_ids]


def refused(db: Any, sqlstate: str, sql: str, params: Any = None) -> psycopg.Error:
    """Return the error with which ``sql`` fails, which has this SQLSTATE."""
    with pytest.raises(psycopg.Error) as caught:
        db.execute(sql, params)
    assert caught.value.sqlstate == sqlstate, caught.value
    return caught.value


# ---- the engine's API ----


def test_a_client_is_told_its_server_once(client_db: Any) -> None:
    assert client_db.value("SELECT async.server()") is None
    assert client_db.value("SELECT async.server('service=a')") == "service=a"
    assert client_db.value("SELECT async.server()") == "service=a"
    assert client_db.value("SELECT async.server('service=b')") == "service=b"
    assert client_db.value("SELECT async.server()") == "service=b"


def test_a_task_is_built_with_defaults_for_all_but_query_and_target(db: Any) -> None:
    fields = "t.query, t.target, t.task_data, t.priority, t.concurrency_pool, t.manual_timeout::TEXT, t.raw"
    short = db.execute(f"SELECT {fields} FROM async.task('SELECT 1', 'self') t")
    assert short == [("SELECT 1", "self", None, 0, None, None, False)]
    long = "'SELECT 1', 'self', '{\"a\": 1}', -3, 'pool', '5 s', true, true"
    assert db.execute(f"SELECT {fields}, t.track_yielded FROM async.task({long}) t") == [
        ("SELECT 1", "self", {"a": 1}, -3, "pool", "00:00:05", True, True)
    ]


def test_ids_come_in_the_order_of_the_tasks(flows: Any) -> None:
    tasks = "ARRAY(SELECT async.task('SELECT ' || n, 'self') FROM generate_series(1, 50) n)"
    ids = [task_id for (task_id,) in flows.execute(f"SELECT async.push_tasks({tasks})")]
    assert set(ended(flows, *ids)) == {"FINISHED"}
    found = flows.execute("SELECT query FROM async.v_task WHERE task_id = ANY(%s) ORDER BY task_id", (ids,))
    assert ids == sorted(ids)
    assert found == [(f"SELECT {n}",) for n in range(1, 51)]


def test_task_data_is_kept_and_shown(flows: Any) -> None:
    pushed = "SELECT async.push_task(async.task('SELECT 1', 'self', '{\"a\": [1]}'), _source => 'a test')"
    task_id = flows.value(pushed)
    assert ended(flows, task_id) == ["FINISHED"]
    shown = flows.execute("SELECT task_data, source FROM async.v_task WHERE task_id = %s", (task_id,))
    assert shown == [({"a": [1]}, "a test")]


def test_a_client_pushes_and_cancels_tasks_of_its_server(flows: Any, client: Any) -> None:
    """Directly: they commit at once, even where the caller's own transaction is rolled back."""
    flows.execute("SELECT async.pause()")
    with client.connect() as session, session.transaction(force_rollback=True):
        tasks = "ARRAY[async.task('SELECT 1', 'self'), async.task('SELECT 2', 'self')]"
        ids = [task_id for (task_id,) in session.execute(f"SELECT async.push_tasks({tasks})")]
        session.execute("SELECT async.wait_for_latch()")
        session.execute("SELECT async.cancel(%s)", (ids[:1],))
    flows.execute("SELECT async.resume()")
    assert ended(flows, *ids) == ["CANCELED", "FINISHED"]


def test_a_run_that_a_client_starts_commits_at_once(flows: Any, client: Any) -> None:
    configure(flows, "f", {"nodes": [{"node": "a", "target": "client", "routine": "work.run"}]})
    with client.connect() as session, session.transaction(force_rollback=True):
        (flow_id,) = session.execute("SELECT flow.run_flow('f', '{}')").fetchone()
    assert wait_run(flows, flow_id) == "FINISHED"


def test_log_entries_have_their_level(db: Any) -> None:
    db.execute("SELECT async.log('warning', 'mind the gap'), async.log('DEBUG', 'too little to tell')")
    assert db.execute("SELECT level, message FROM async.log_entry") == [("WARNING", "mind the gap")]
    refused(db, "22023", "SELECT async.log('LOUD', 'x')")


def test_the_views_tell_what_runs_now(flows: Any, orchestrator: Any) -> None:
    engine(flows, concurrency_pools=[{"concurrency_pool": "wide", "max_workers": 7}])
    with Gate(flows) as gate:
        held = flows.value(
            "SELECT async.push_task(async.task('SELECT work.gate(1)', 'self', _concurrency_pool => 'wide'))"
        )
        until(lambda: gate.waiting() == 1, what="the task to run")
        (worker,) = flows.execute("SELECT target, concurrency_pool, pid, task_ids FROM async.v_worker_info")
        assert worker[:2] == ("self", "wide")
        assert worker[3] == [held]
        assert flows.value("SELECT query LIKE '%%' FROM pg_stat_activity WHERE pid = %s", (worker[2],))
        assert flows.execute("SELECT running, paused, pid, batches_running FROM async.v_server_info") == [
            (True, False, orchestrator.pid, 1)
        ]
        target = "SELECT is_self, enabled, max_concurrency, batches_running, tasks_assigned"
        assert flows.execute(f"{target} FROM async.v_target_status") == [(True, True, 16, 1, 1)]
        pool = "SELECT max_workers, workers_busy FROM async.v_concurrency_pool_info"
        assert flows.execute(f"{pool} WHERE concurrency_pool = 'wide'") == [(7, 1)]
    assert ended(flows, held) == ["FINISHED"]
    orchestrator.stop()
    assert flows.execute("SELECT running, pid, batches_running FROM async.v_server_info") == [
        (False, None, 0)
    ]


def test_a_copy_of_a_server_does_nothing_until_it_is_one_itself(
    flows: Any, orchestrator: Any, server: Any
) -> None:
    """Its orchestrator refuses to start, with the hint; then it runs what was queued when it was copied."""
    orchestrator.stop()
    task_id = push(flows, "INSERT INTO work.done VALUES (0, 'copied', NULL, now(), now())")
    identity = flows.value("SELECT server FROM async.v_server_info")
    flows.close()
    copy = create_database(server, template=flows.name)
    try:
        error = refused(copy, "PF012", "CALL async.main()")
        assert "async.claim_identity()" in str(error.diag.message_hint)
        assert copy.value("SELECT async.claim_identity()") != identity
        running = Orchestrator(copy).start()
        assert ended(copy, task_id) == ["FINISHED"]
        running.stop()
        assert flows.value("SELECT count(*)::INT FROM work.done") == 0
    finally:
        copy.drop()
    orchestrator.start()
    assert ended(flows, task_id) == ["FINISHED"]


# ---- what the engine is configured to ----


def most_at_once(db: Any, count: int, **limits: Any) -> int:
    """Start so many tasks, of two pools, that wait, and return how many run when no more begin."""
    engine(db, concurrency_pools=[{"concurrency_pool": name, "max_workers": 50} for name in ("one", "two")])
    engine(db, control=limits)
    pool = "CASE n % 2 WHEN 0 THEN 'one' ELSE 'two' END"
    task = f"async.task('SELECT work.gate(1)', 'self', _concurrency_pool => {pool})"
    with Gate(db) as gate:
        tasks = f"SELECT async.push_tasks(ARRAY(SELECT {task} FROM generate_series(1, {count}) n))"
        ids = [task_id for (task_id,) in db.execute(tasks)]
        db.execute("SELECT async.wait_for_latch()")
        (limit,) = limits.values()
        until(lambda: gate.waiting() >= limit, what="the places to be taken")
        marker = push(db, "SELECT 1")
        until(lambda: db.value("SELECT count(*)::INT FROM async.v_task WHERE task_id = %s", (marker,)) == 1)
        most = gate.waiting()
    assert set(ended(db, *ids)) == {"FINISHED"}
    return most


def test_workers_limit_all_targets_and_pools_together(flows: Any) -> None:
    assert most_at_once(flows, 8, workers=3) == 3


def test_self_concurrency_limits_the_servers_own_target(flows: Any) -> None:
    assert most_at_once(flows, 8, self_concurrency=2) == 2


def test_tasks_of_a_disabled_target_stay_queued(flows: Any) -> None:
    """While those of another one, which was made and asked later, run."""
    there = {"target": "there", "connection_string": flows.conninfo}
    engine(flows, targets=[there | {"enabled": False}, there | {"target": "other"}])
    held = push(flows, "SELECT 1", "there")
    assert ended(flows, push(flows, "SELECT 2", "other")) == ["FINISHED"]
    assert ended(flows, push(flows, "SELECT 3", "other")) == ["FINISHED"]
    assert flows.execute("SELECT state, consumed FROM async.v_task WHERE task_id = %s", (held,)) == [
        ("READY", None)
    ]
    engine(flows, targets=[there | {"enabled": True}])
    assert ended(flows, held) == ["FINISHED"]


def test_self_connection_string_is_how_the_server_reaches_itself(flows: Any) -> None:
    """Shown by the role that it names."""
    role = f"{flows.name}_role"
    flows.execute(f"CREATE ROLE {role} LOGIN SUPERUSER")
    try:
        engine(flows, control={"self_connection_string": f"{flows.conninfo} user={role}"})
        flows.execute("CREATE TABLE work.session(name TEXT)")
        assert ended(flows, push(flows, "INSERT INTO work.session VALUES (session_user)")) == ["FINISHED"]
        assert flows.execute("SELECT name FROM work.session") == [(role,)]
        engine(flows, control={"self_connection_string": None})
        sessions = "SELECT count(*)::INT FROM pg_stat_activity WHERE usename = %s"
        until(lambda: flows.value(sessions, (role,)) == 0, what="the sessions of that role to end")
    finally:
        flows.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}")


def test_advisory_mutex_id_is_the_lock_that_an_orchestrator_holds(db: Any) -> None:
    engine(db, control={"advisory_mutex_id": 4711})
    running = Orchestrator(db).start()
    assert db.value("SELECT pg_try_advisory_lock(4711)") is False
    running.stop()
    assert db.value("SELECT pg_try_advisory_lock(4711)") is True


# ---- attempts ----


def attempts(db: Any, task_id: int) -> list[Any]:
    """Return all attempts at a task that were not its last, with how long the next one came after them."""
    return db.execute(  # type: ignore[no-any-return]
        """SELECT a.status, a.sqlstate, a.error, a.counted,
                  extract(epoch FROM
                    coalesce(lead(a.started) OVER (ORDER BY a.attempt), t.consumed) - a.ended)::FLOAT8
           FROM async.attempt a JOIN async.v_task t USING (task_id) WHERE task_id = %s ORDER BY a.attempt""",
        (task_id,),
    )


def test_each_attempt_is_recorded_and_each_wait_is_longer(flows: Any) -> None:
    """Of 50 ms, thrice that, and no longer than the longest: uncapped the third were of 450 ms, and so on."""
    flows.execute("CREATE SEQUENCE work.attempt")
    procedure(
        flows,
        "failing",
        """DECLARE n INT := nextval('work.attempt');
           BEGIN RAISE EXCEPTION 'attempt %', n USING ERRCODE = 'XX00' || n; END""",
    )
    patient = {"retries": 4, "retry_delay": "50 ms", "retry_backoff": 3, "retry_max_delay": "200 ms"}
    node = {"node": "a", "target": "self", "routine": "work.failing"} | patient
    configure(flows, "f", {"nodes": [node]})
    flow_id = run(flows, "f")
    assert wait_run(flows, flow_id) == "FAILED"
    ((task_id, *last),) = flows.execute("SELECT task_id, sqlstate, processing_error FROM flow.v_flow_task")
    found = attempts(flows, task_id)
    assert [row[:4] for row in found] == [("FAILED", f"XX00{n}", f"attempt {n}", True) for n in range(1, 5)]
    assert last == ["XX005", "attempt 5"]
    assert all(waited >= least for (*_, waited), least in zip(found, (0.05, 0.15, 0.2, 0.2), strict=True))


def test_no_wait_is_longer_than_retry_max_delay(flows: Any) -> None:
    """Without it this run would take weeks."""
    procedure(flows, "failing", "RAISE EXCEPTION 'no';")
    patient = {"retries": 4, "retry_delay": "20 ms", "retry_backoff": 1000, "retry_max_delay": "40 ms"}
    node = {"node": "a", "target": "self", "routine": "work.failing"} | patient
    configure(flows, "f", {"nodes": [node]})
    flow_id = run(flows, "f")
    assert wait_run(flows, flow_id) == "FAILED"
    assert flows.value("SELECT count(*)::INT FROM async.attempt") == 4


@pytest.mark.long
def test_an_interrupted_task_waits_twice_as_long_each_time(flows: Any) -> None:
    flows.execute("CREATE SEQUENCE work.attempt")
    procedure(
        flows,
        "dying",
        "IF nextval('work.attempt') < 4 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;",
    )
    configure(flows, "f", {"nodes": [{"node": "a", "target": "self", "routine": "work.dying"}]})
    flow_id = run(flows, "f")
    assert wait_run(flows, flow_id, 60) == "FINISHED"
    found = attempts(flows, flows.value("SELECT task_id FROM flow.v_flow_task"))
    assert [(row[0], row[3]) for row in found] == [("INTERRUPTED", False)] * 3
    assert all(waited >= least for (*_, waited), least in zip(found, (1, 2, 4), strict=True))


# ---- flows ----


def chain(*names: str, **first: Any) -> list[dict[str, Any]]:
    """Nodes, each but the first the child of the one before."""
    nodes: list[dict[str, Any]] = [{"node": name, "target": "self", "routine": "work.run"} for name in names]
    for parent, child in pairwise(nodes):
        child["dependencies"] = [{"parent": parent["node"]}]
    nodes[0] |= first
    return nodes


def test_a_node_that_overruns_its_targets_time_fails_the_run(flows: Any) -> None:
    brisk = {"target": "brisk", "connection_string": flows.conninfo, "default_timeout": "200 ms"}
    engine(flows, targets=[brisk])
    with Gate(flows):
        procedure(flows, "held", "PERFORM work.gate(1);")
        configure(flows, "f", {"nodes": chain("a", "b", "c", target="brisk", routine="work.held")})
        flow_id = run(flows, "f")
        assert wait_run(flows, flow_id) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "TIMED_OUT", "b": "DOA", "c": "DOA"}


def test_a_parent_that_was_canceled_counts_as_failed(flows: Any) -> None:
    """Its task alone was, not the run; a child that continues on failure runs all the same."""
    with Gate(flows) as gate:
        procedure(flows, "held", "PERFORM work.gate(1);")
        nodes = chain("a", "b", routine="work.held")
        lenient = {"dependencies": [{"parent": "a", "continue_on_failure": True}]}
        configure(flows, "f", {"nodes": [*nodes, nodes[1] | {"node": "c"} | lenient]})
        flow_id = run(flows, "f")
        until(lambda: gate.waiting() == 1, what="a to run")
        flows.execute("SELECT async.cancel(ARRAY[(SELECT task_id FROM flow.v_flow_task)], 'enough')")
        assert wait_run(flows, flow_id) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "CANCELED", "b": "DOA", "c": "FINISHED"}


@pytest.mark.parametrize("flush", [False, True])
def test_flush_is_accepted_and_commits_nothing(flows: Any, flush: bool) -> None:
    with Gate(flows) as gate, flows.connect(autocommit=False) as session:
        procedure(flows, "held", "PERFORM work.gate(1);")
        configure(flows, "f", {"nodes": chain("a", "b", routine="work.held")})
        flow_id = run(flows, "f")
        until(lambda: gate.waiting() == 1, what="a to run")
        pushed = "CALL flow.push_steps(%s, 'b', %s::JSONB[], %s)"
        session.execute(pushed, (flow_id, [Jsonb({"step": "lost"})], flush))
        session.rollback()
        session.execute(pushed, (flow_id, [Jsonb({"step": "kept"})], flush))
        session.commit()
    assert wait_run(flows, flow_id) == "FINISHED"
    assert [row.step for row in work.done(flow_id, flows) if row.step] == ["kept"]


def test_arguments_of_an_unknown_run_are_an_error(flows: Any) -> None:
    refused(flows, "PF002", "SELECT flow.args(0)")


def test_a_runs_priority_is_added_to_those_of_its_nodes(flows: Any) -> None:
    configure(flows, "f", {"nodes": chain("a", priority=3)})
    flow_id = flows.value("SELECT flow.run_flow('f', '{}', _priority => -5)")
    assert wait_run(flows, flow_id) == "FINISHED"
    assert flows.value("SELECT priority FROM flow.v_flow_task") == -2
