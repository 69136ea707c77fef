"""Runs that have ended are run again: whole, from one node down, or only what failed and what hung on it."""

from __future__ import annotations

import json
import os
import random
import threading
from collections import Counter
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.model import work
from tests.model.graphs import build
from tests.model.model import Graph, outcome
from tests.model.work import Gate, configure, node_states, procedure, run
from tests.support.wait import until, wait_run

SEED = int(os.environ.get("PGFLOW_SEED", "20260923"))
BROKEN = """
CREATE TABLE work.broken(node TEXT, step TEXT);
CREATE FUNCTION work.fail_if_broken(_args flow.callback_arguments_t) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM work.broken b WHERE b.node = (_args).node
               AND b.step IS NOT DISTINCT FROM (_args).step_arguments #>> '{}') THEN
    RAISE EXCEPTION 'broken %', (_args).node;
  END IF;
END $$;
CREATE PROCEDURE work.frail(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM work.fail_if_broken(_args);
  INSERT INTO work.done(flow_id, node, step, begun, ended)
  VALUES ((_args).flow_id, (_args).node, (_args).step_arguments #>> '{}',
          clock_timestamp(), clock_timestamp());
END $$;
"""
"""``work.frail`` fails while work.broken names its node, or its step."""


@pytest.fixture
def flows(db: Any, orchestrator: Any) -> Any:
    """A database with the callbacks and an orchestrator."""
    work.prepare(db)
    db.execute(BROKEN)
    return db


def node(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """A node that calls work.frail on self unless told otherwise."""
    dependencies = [{"parent": parent} for parent in parents]
    return {"node": name, "target": "self", "routine": "work.frail", "dependencies": dependencies} | more


def start(flows: Any, *nodes: dict[str, Any], broken: list[Any] | None = None, **more: Any) -> int:
    """Configure ``f``, break some nodes or (node, step)s of it, run it and wait for its end."""
    configure(flows, "f", {"nodes": list(nodes)})
    for broken_one in broken or []:
        name, step = broken_one if isinstance(broken_one, tuple) else (broken_one, None)
        flows.execute("INSERT INTO work.broken VALUES (%s, %s)", (name, step))
    flow_id = run(flows, "f", **more)
    assert wait_run(flows, flow_id) == ("FAILED" if broken else "FINISHED")
    return flow_id


def mend(flows: Any) -> None:
    flows.execute("TRUNCATE work.broken")


def restart(flows: Any, flow_id: int, node: str | None = None, failed_only: bool = False) -> str:
    """Restart the run, and return how it ends."""
    flows.execute("SELECT flow.restart_flow(%s, %s, %s)", (flow_id, node, failed_only))
    return wait_run(flows, flow_id)


def done(flows: Any, flow_id: int) -> Counter[str]:
    """How often each unit has taken effect: 'a' or 'a/step'."""
    rows = work.done(flow_id, flows)
    return Counter(row.node if row.step is None else f"{row.node}/{row.step}" for row in rows)


def refused(db: Any, sqlstate: str, sql: str, params: Any = None) -> str:
    """``sql`` fails with ``sqlstate``; returns the message."""
    with pytest.raises(psycopg.Error) as caught:
        db.execute(sql, params)
    assert caught.value.sqlstate == sqlstate, f"{caught.value.sqlstate}: {caught.value}"
    return caught.value.diag.message_primary or ""


# ---- what runs again ----


def test_only_what_failed_and_what_hung_on_it(flows: Any) -> None:
    """a → b → c → d, b fails; e comes after b whatever becomes of it, and so does f after e."""
    after_all = {"dependencies": [{"parent": "b", "continue_on_failure": True}]}
    nodes = [node("a"), node("b", "a"), node("c", "b"), node("d", "c"), node("e", **after_all), node("x")]
    flow_id = start(flows, *nodes, node("f", "e"), broken=["b"])
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == {"a": 1, "b": 1, "c": 1, "d": 1, "x": 1, "e": 2, "f": 2}
    last_of_b = [row for row in work.done(flow_id, flows) if row.node == "b"][-1]
    assert all(row.saw(last_of_b) for row in work.done(flow_id, flows)[-2:])


def test_from_a_node_down(flows: Any) -> None:
    """What is beside it stays: the mandatory parent that is not run again counts as it ended."""
    nodes = [node("a"), node("b"), node("c", "a", "b"), node("d", "c"), node("e", "b"), node("f")]
    flow_id = start(flows, *nodes)
    assert restart(flows, flow_id, "c") == "FINISHED"
    assert done(flows, flow_id) == {"a": 1, "b": 1, "c": 2, "d": 2, "e": 1, "f": 1}


def test_a_restart_fails_again_and_is_restarted_again(flows: Any) -> None:
    flow_id = start(flows, node("a"), node("b", "a"), node("c", "b"), broken=["b"])
    assert restart(flows, flow_id, failed_only=True) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "FINISHED", "b": "FAILED", "c": "DOA"}
    assert restart(flows, flow_id) == "FAILED"
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == {"a": 2, "b": 1, "c": 1}


def test_a_failure_outside_still_counts(flows: Any) -> None:
    """From a node down, with a failed node beside it: the run fails again, and says why."""
    flow_id = start(flows, node("a"), node("b"), node("c", "b"), broken=["a"])
    mend(flows)
    assert restart(flows, flow_id, "b") == "FAILED"
    assert node_states(flows, flow_id) == {"a": "FAILED", "b": "FINISHED", "c": "FINISHED"}
    assert flows.value("SELECT first_error FROM flow.v_flow_status") == "broken a"
    assert restart(flows, flow_id, "a") == "FINISHED"
    assert flows.value("SELECT first_error FROM flow.v_flow_status") is None


def test_the_first_error_is_that_of_the_last_course(flows: Any) -> None:
    flow_id = start(flows, node("a"), node("b"), broken=["b"])
    mend(flows)
    flows.execute("INSERT INTO work.broken VALUES ('a', NULL)")
    assert restart(flows, flow_id) == "FAILED"
    assert flows.value("SELECT first_error FROM flow.v_flow_status") == "broken a"


def test_only_what_failed_below_a_node(flows: Any) -> None:
    flow_id = start(flows, node("a"), node("b"), node("b2", "b"), broken=["a", "b2"])
    mend(flows)
    assert restart(flows, flow_id, "b", failed_only=True) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "FAILED", "b": "FINISHED", "b2": "FINISHED"}
    assert done(flows, flow_id) == {"b": 1, "b2": 1}


# ---- steps ----


def test_steps_that_finished_stay_done(flows: Any) -> None:
    """Of a node whose routine and some steps have finished only the others run: without the routine."""
    procedure(
        flows,
        "pushes",
        "CALL flow.push_steps((_args).flow_id, (_args).node, ARRAY['\"p1\"', '\"p2\"']::JSONB[]);"
        "CALL work.frail(_args);",
    )
    kind = {"node_routine": "work.pushes", "steps": ["s1", "s2"], "all_steps_must_complete": True}
    flow_id = start(flows, node("a", **kind), node("b", "a"), broken=[("a", "s2"), ("a", "p2")])
    first = done(flows, flow_id)
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == dict.fromkeys(["a", "a/s1", "a/s2", "a/p1", "a/p2", "b"], 1)
    print("done at first:", dict(first))
    status = "SELECT steps, steps_finished, steps_failed, steps_canceled FROM flow.v_flow_node_status"
    assert flows.execute(f"{status} WHERE node = 'a'") == [(4, 4, 0, 0)]


@pytest.mark.parametrize("from_node", [None, "a"], ids=["whole", "from_the_node"])
def test_the_routine_and_its_static_steps_run_again(flows: Any, from_node: str | None) -> None:
    """Steps that were pushed go with the course of the node in which they were; what is pushed now counts."""
    flows.execute("CREATE TABLE work.to_push(step TEXT); INSERT INTO work.to_push VALUES ('p1'), ('p2')")
    procedure(
        flows,
        "pushes",
        """DECLARE steps JSONB[] := ARRAY(SELECT to_jsonb(t.step) FROM work.to_push t);
           BEGIN CALL flow.push_steps((_args).flow_id, (_args).node, steps); CALL work.frail(_args); END""",
    )
    flow_id = start(flows, node("a", node_routine="work.pushes", steps=["s1"]))
    before = flows.execute("SELECT task_id FROM flow.v_flow_task")
    flows.execute("DELETE FROM work.to_push WHERE step = 'p2'")
    assert restart(flows, flow_id, from_node) == "FINISHED"
    assert done(flows, flow_id) == {"a": 2, "a/s1": 2, "a/p1": 2, "a/p2": 1}
    tasks = flows.execute("SELECT task_id FROM flow.v_flow_task")
    assert len(tasks) == 3
    assert not set(tasks) & set(before), "the tasks of the new course have ids of their own"


def test_a_failed_routine_is_called_again_and_its_finished_steps_are_not(flows: Any) -> None:
    """Steps pushed to it before by its parent: one fails the first time, in spite of which all end."""
    procedure(
        flows,
        "commits",
        """CALL flow.push_steps((_args).flow_id, 'a', ARRAY['"1"', '"2"', '"3"']::JSONB[]); COMMIT;
           PERFORM pg_sleep(0.2); CALL work.frail(_args);""",
    )
    kind = {"node_routine": "work.commits", "all_steps_must_complete": False}
    flow_id = start(flows, node("a", **kind), broken=["a", ("a", "2")])
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == {"a": 1, "a/1": 1, "a/2": 1, "a/3": 1}


def test_steps_that_waited_for_a_node_that_never_began_are_not_lost(flows: Any) -> None:
    """a pushes to c, which is DOA since b fails; a is not run again."""
    push = """CALL flow.push_steps((_args).flow_id, 'c', ARRAY['"1"', '"2"']::JSONB[]);
              CALL work.frail(_args);"""
    procedure(flows, "pushes", push)
    flow_id = start(flows, node("a", routine="work.pushes"), node("b"), node("c", "a", "b"), broken=["b"])
    assert node_states(flows, flow_id)["c"] == "DOA"
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == {"a": 1, "b": 1, "c": 1, "c/1": 1, "c/2": 1}


def test_a_canceled_run_of_many_steps_goes_on(flows: Any) -> None:
    """Some have finished, some were running, most were no tasks yet when it was canceled."""
    steps = [str(n) for n in range(20_000)]
    configure(flows, "f", {"nodes": [node("a", steps=steps), node("b", "a")]})
    flow_id = run(flows, "f")
    until(lambda: work.count(flows, flow_id) > 100, what="some steps to be done")
    flows.execute("SELECT flow.cancel(%s)", (flow_id,))
    assert wait_run(flows, flow_id) == "CANCELED"
    before = work.count(flows, flow_id)
    print("done when it was canceled:", before)
    assert before < 20_000, "it was canceled too late to show anything"
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert Counter(done(flows, flow_id).values()) == {1: 20_002}


def test_what_a_failing_node_is_pushed_to_last_is_not_lost(flows: Any) -> None:
    """A step has failed, another one does not heed its interruption yet: what is pushed now runs after the
    restart."""
    with Gate(flows, 1) as first, Gate(flows, 2) as second:
        flows.execute(
            """CREATE PROCEDURE work.stubborn(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
               BEGIN
                 PERFORM work.fail_if_broken(_args);
                 IF (_args).step_arguments = '"1"' THEN PERFORM work.gate(1); END IF;
                 CALL work.frail(_args);
               EXCEPTION WHEN query_canceled THEN
                 PERFORM work.gate(2);
               END $$"""
        )
        configure(flows, "f", {"nodes": [node("a", step_routine="work.stubborn", steps=["1"])]})
        flow_id = run(flows, "f")
        until(lambda: first.waiting() == 1, what="step 1 to run")
        flows.execute("INSERT INTO work.broken VALUES ('a', '3')")
        flows.execute("CALL flow.push_steps(%s, 'a', ARRAY['\"3\"']::JSONB[])", (flow_id,))
        until(lambda: second.waiting() == 1, what="step 1 to be interrupted")
        flows.execute("CALL flow.push_steps(%s, 'a', ARRAY['\"2\"']::JSONB[])", (flow_id,))
        flows.execute("SELECT async.wait_for_latch()")
    assert wait_run(flows, flow_id) == "FAILED"
    assert done(flows, flow_id) == {"a": 1}
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == {"a": 1, "a/1": 1, "a/2": 1, "a/3": 1}


# ---- partial runs, cancels, answers from outside ----


def test_a_partial_run_stays_partial(flows: Any) -> None:
    """a, then what is skipped, then d: whole, and from a down, d waits for a again."""
    nodes = [node("a"), node("b", "a"), node("c", "b"), node("d", "c"), node("e")]
    flow_id = start(flows, *nodes, only=["a", "d"])
    for times, how in enumerate([(None, False), ("a", False), ("d", False)], start=2):
        assert restart(flows, flow_id, *how) == "FINISHED"
        assert done(flows, flow_id) == {"a": min(times, 3), "d": times}
        rows = work.done(flow_id, flows)
        assert rows[-1].node == "d"
        assert all(rows[-1].saw(row) for row in rows if row.node == "a")
    assert node_states(flows, flow_id)["b"] == "SKIPPED"
    message = refused(flows, "PF005", "SELECT flow.restart_flow(%s, 'c')", (flow_id,))
    assert message == f'node "c" is not among those that run {flow_id} runs'


def test_a_restarted_run_is_canceled_and_restarted(flows: Any) -> None:
    procedure(flows, "held", "PERFORM work.gate(1); CALL work.frail(_args);")
    Gate(flows).open()
    flow_id = start(flows, node("a"), node("b", "a", routine="work.held"), node("c", "b"))
    with Gate(flows) as gate:
        flows.execute("SELECT flow.restart_flow(%s, 'b')", (flow_id,))
        until(lambda: gate.waiting() == 1, what="b to run again")
        flows.execute("SELECT flow.cancel(%s)", (flow_id,))
        assert wait_run(flows, flow_id) == "CANCELED"
        assert node_states(flows, flow_id) == {"a": "FINISHED", "b": "CANCELED", "c": "CANCELED"}
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == {"a": 1, "b": 2, "c": 2}


def test_an_answer_to_an_earlier_course_is_refused(flows: Any) -> None:
    """A node that finishes asynchronously: its old task is not there any more, its new one waits."""
    target = {"target": "later", "connection_string": flows.conninfo, "asynchronous_finish": True}
    flows.execute("SELECT async.configure(%s)", (json.dumps({"targets": [target]}),))
    configure(flows, "f", {"nodes": [node("a", target="later")]})
    flow_id = run(flows, "f")
    task = "SELECT task_id FROM flow.v_flow_task WHERE state = 'YIELDED'"
    finish = "CALL flow.finish((%s, 'f', '{}', 'a', NULL, %s)::flow.callback_arguments_t, %s)"
    old_task = until(lambda: flows.execute(task), what="a to wait for its answer")[0][0]
    flows.execute(finish, (flow_id, old_task, True))
    assert wait_run(flows, flow_id) == "FAILED"
    flows.execute("SELECT flow.restart_flow(%s)", (flow_id,))
    new_task = until(lambda: flows.execute(task), what="a to wait for its answer again")[0][0]
    refused(flows, "PF004", finish, (flow_id, old_task, False))
    flows.execute(finish, (flow_id, new_task, False))
    assert wait_run(flows, flow_id) == "FINISHED"


# ---- how it is asked for ----


def test_wait_waits_for_the_restarted_run(flows: Any) -> None:
    """From the commit of the restart on: not the end before it counts."""
    flow_id = start(flows, node("a"), broken=["a"])
    mend(flows)
    flows.execute("SELECT async.pause()")
    flows.execute("SELECT flow.restart_flow(%s)", (flow_id,))
    assert flows.value("SELECT state FROM flow.v_flow_status") == "RUNNING"
    refused(flows, "PF010", "CALL flow.wait(%s, '10 ms')", (flow_id,))
    flows.execute("SELECT async.resume()")
    flows.execute("CALL flow.wait(%s, '30 s')", (flow_id,))
    own = f"DO $$ BEGIN PERFORM flow.restart_flow({flow_id}); CALL flow.wait({flow_id}, '1 s'); END $$"
    refused(flows, "PF011", own)


def test_a_rollback_undoes_it(flows: Any) -> None:
    flow_id = start(flows, node("a", steps=["1"]), broken=["a"])
    mend(flows)
    before = flows.execute("SELECT * FROM flow.v_flow_node_status")
    with flows.connect() as session, session.transaction(force_rollback=True):
        session.execute("SELECT flow.restart_flow(%s)", (flow_id,))
    assert flows.execute("SELECT * FROM flow.v_flow_node_status") == before
    assert restart(flows, flow_id) == "FINISHED"


def test_without_an_orchestrator_it_waits(db: Any, flows: Any, orchestrator: Any) -> None:
    """flow.check_consistency() finds nothing meanwhile, and the next orchestrator takes it up."""
    flow_id = start(flows, node("a"), node("b", "a"), node("c", "b"), only=["b"])
    orchestrator.stop()
    db.execute("SELECT flow.restart_flow(%s)", (flow_id,))
    assert db.execute("SELECT * FROM flow.check_consistency()") == []
    assert node_states(db, flow_id) == {"a": "SKIPPED", "b": "PENDING", "c": "SKIPPED"}
    orchestrator.start()
    assert wait_run(db, flow_id) == "FINISHED"
    assert done(db, flow_id) == {"b": 2}


def test_a_client_asks_for_it(flows: Any, client_db: Any) -> None:
    flow_id = start(flows, node("a"), broken=["a"])
    mend(flows)
    client_db.execute("SELECT async.server(%s)", (flows.conninfo,))
    client_db.execute("SELECT flow.restart_flow(%s, _failed_only => true)", (flow_id,))
    client_db.execute("CALL flow.wait(%s, '30 s')", (flow_id,))
    assert done(flows, flow_id) == {"a": 1}


def test_one_of_two_restarts_at_once_is_refused(flows: Any) -> None:
    flow_id = start(flows, node("a"))
    with flows.connect(autocommit=False) as first, flows.connect() as second:
        first.execute("SELECT flow.restart_flow(%s)", (flow_id,))
        second.execute("SET lock_timeout = '30 s'")
        pid = second.info.backend_pid
        refusal: list[str | None] = []

        def ask() -> None:
            try:
                second.execute("SELECT flow.restart_flow(%s)", (flow_id,))
            except psycopg.Error as error:
                refusal.append(error.sqlstate)

        asking = threading.Thread(target=ask)
        asking.start()
        waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        until(lambda: flows.value(waits, (pid,)), what="the second to wait for the first")
        first.commit()
        asking.join(30)
    assert refusal == ["PF005"]
    assert wait_run(flows, flow_id) == "FINISHED"
    assert done(flows, flow_id) == {"a": 2}


def test_what_is_refused(flows: Any) -> None:
    flow_id = start(flows, node("load"), node("check", "load"), broken=["load"])
    call = "SELECT flow.restart_flow(%s, %s, %s)"
    message = refused(flows, "PF005", call, (flow_id, "check", False))
    assert message == 'node "check" cannot run: before it failed "load"'
    mend(flows)
    assert restart(flows, flow_id) == "FINISHED"
    assert refused(flows, "PF005", call, (flow_id, None, True)) == f"nothing has failed in run {flow_id}"
    refused(flows, "PF003", call, (flow_id, "chekc", False))
    flows.execute("SELECT flow.drop_flow('f')")
    refused(flows, "PF001", call, (flow_id, None, False))


def test_a_flow_is_not_dropped_under_a_restarted_run(flows: Any) -> None:
    flow_id = start(flows, node("a"))
    with flows.connect(autocommit=False) as session:
        session.execute("SELECT flow.restart_flow(%s)", (flow_id,))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            flows.execute("SET lock_timeout = '100 ms'; SELECT flow.drop_flow('f')")
        session.commit()
    flows.execute("RESET lock_timeout")
    assert wait_run(flows, flow_id) == "FINISHED"


# ---- what is seen ----


def test_what_the_views_say_of_a_restarted_run(flows: Any) -> None:
    flow_id = start(flows, node("a"), node("b", "a", steps=["1"]), node("c", "b"), broken=[("b", "1")])
    ended = flows.value("SELECT ended FROM flow.v_flow_status")
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    status = """SELECT state, complete, count_finished_nodes, count_failed_nodes, first_error, restarts,
                  started > %s, ended > started FROM flow.v_flow_status"""
    assert flows.execute(status, (ended,)) == [("FINISHED", "Yes", 3, 0, None, 1, True, True)]
    past = "SELECT restart_no, node, failed_only, state_before, ended_before, first_error FROM flow.restart"
    assert flows.execute(past) == [(1, None, True, "FAILED", ended, "broken b")]
    tasks = "SELECT node, is_node, finish_status FROM flow.v_flow_task ORDER BY node, is_node"
    assert flows.execute(tasks) == [
        ("a", True, "FINISHED"),
        ("b", False, "FINISHED"),
        ("b", True, "FINISHED"),
        ("c", True, "FINISHED"),
    ]
    announced = "SELECT state, error FROM flow.node_state WHERE node_no = 2 AND state = 'FAILED'"
    assert flows.execute(announced) == [("FAILED", "broken b")], "what failed before stays readable"


def test_restarted_runs_are_removed_after_their_time(flows: Any) -> None:
    """With all that was kept for a restart, and not while it goes on."""
    push = "CALL flow.push_steps((_args).flow_id, 'c', ARRAY['\"1\"']::JSONB[]); CALL work.frail(_args);"
    procedure(flows, "pushes", push)
    flow_id = start(flows, node("a", routine="work.pushes"), node("b"), node("c", "a", "b"), broken=["b"])
    assert restart(flows, flow_id, failed_only=True) == "FAILED"
    assert flows.value("SELECT count(*)::INT FROM flow.stopped_chunk") == 1
    keep = json.dumps({"control": {"task_keep_duration": "100 ms", "light_maintenance_sleep": "50 ms"}})
    flows.execute("SELECT async.configure(%s)", (keep,))
    until(lambda: flows.execute("SELECT flow_id FROM flow.run") == [], what="the run to be removed")
    for table in ("restart", "stopped_chunk", "run_state", "node_state"):
        assert flows.value(f"SELECT count(*)::INT FROM flow.{table}") == 0, table
    refused(flows, "PF002", "SELECT flow.restart_flow(%s)", (flow_id,))


def test_large_step_arguments_are_kept(flows: Any) -> None:
    body = "x" * 200_000
    steps = [{"body": body, "n": n, "step": str(n)} for n in range(3)]
    procedure(
        flows,
        "large",
        """IF EXISTS (SELECT FROM work.broken) THEN RAISE EXCEPTION 'broken'; END IF;
           INSERT INTO work.done(flow_id, node, step, begun, ended)
           VALUES ((_args).flow_id, (_args).node, length((_args).step_arguments ->> 'body')::TEXT,
                   now(), now());""",
    )
    kind = {"step_routine": "work.large", "steps": [], "empty": True, "routine": None}
    configure(flows, "f", {"nodes": [node("a"), node("b", "a", **kind)]})
    flows.execute("INSERT INTO work.broken VALUES ('?', NULL)")
    with flows.connect(autocommit=False) as session:
        flow_id = session.execute("SELECT flow.run_flow('f', '{}')").fetchone()[0]
        session.execute("CALL flow.push_steps(%s, 'b', %s::JSONB[])", (flow_id, [Jsonb(s) for s in steps]))
        session.commit()
    assert wait_run(flows, flow_id) == "FAILED"
    mend(flows)
    assert restart(flows, flow_id, failed_only=True) == "FINISHED"
    assert done(flows, flow_id) == {"a": 1, "b/200000": 3}


# ---- random graphs ----

MENDABLE = """
CREATE TABLE work.mended(flow_id BIGINT);
CREATE PROCEDURE work.mendable(_args flow.callback_arguments_t) LANGUAGE plpgsql AS $$
DECLARE
  told flow.callback_arguments_t := _args;
BEGIN
  IF EXISTS (SELECT FROM work.mended m WHERE m.flow_id = (_args).flow_id) THEN
    told.flow_arguments := (_args).flow_arguments || '{"fail": []}';
    told.step_arguments := (_args).step_arguments || '{"fail": false}';
  END IF;
  CALL work.run(told);
END $$;
"""
"""``work.mendable`` does what work.run does, but never fails in a run that is mended."""


def expected_after_restart(graph: Graph, before: dict[str, str]) -> Counter[str]:
    """How often each unit must have taken effect after what failed was mended and restarted."""
    failed = {name for name, state in before.items() if state != "FINISHED"}
    again = failed | {name for name, above in graph.ancestors().items() if above & failed}
    of = {node.name: node for node in graph.nodes}
    called_at_first = {name for name in before if before[name] != "DOA" and not of[name].fails}
    called_again = (again - failed) | {name for name in failed if name not in called_at_first}
    counts: Counter[str] = Counter()
    for node in graph.nodes:
        name = node.name
        pushes = [push for push in graph.pushes if push.to == name]
        first = {s for p in pushes if p.by in called_at_first for s in p.steps} | set(node.steps)
        second = {s for p in pushes if p.by in called_again for s in p.steps} | set(node.steps)
        if not node.empty:
            counts[name] = 2 if name in again - failed else 1
        if name in failed:
            counts.update(f"{name}/{step.key}" for step in first | second)
        else:
            counts.update(f"{name}/{step.key}" for step in first if not step.fails)
            counts.update(f"{name}/{step.key}" for step in second if name in again)
    return counts


@pytest.mark.long
def test_random_graphs_are_mended_and_restarted(flows: Any) -> None:
    """Each step of what failed takes effect once in both courses together, and nothing is forgotten."""
    flows.execute(MENDABLE)
    restarted = 0
    for number in range(40):
        choices = random.Random(f"{SEED} {number}")
        graph = build(choices.randint(2, 40), choices)
        print(f"PGFLOW_SEED={SEED} graph {number}: {graph}")
        configuration = json.dumps(work.configuration(graph)).replace("work.run", "work.mendable")
        configure(flows, f"g{number}", json.loads(configuration))
        flow_id = run(flows, f"g{number}", work.arguments(graph))
        wait_run(flows, flow_id)
        before = node_states(flows, flow_id)
        assert before == outcome(graph).nodes
        if "FAILED" not in before.values():
            continue
        restarted += 1
        flows.execute("INSERT INTO work.mended VALUES (%s)", (flow_id,))
        assert restart(flows, flow_id, failed_only=True) == "FINISHED"
        assert done(flows, flow_id) == expected_after_restart(graph, before)
        assert set(node_states(flows, flow_id).values()) == {"FINISHED"}
        twice = done(flows, flow_id)
        assert restart(flows, flow_id) == "FINISHED"
        assert all(
            done(flows, flow_id)[node.name] == twice[node.name] + (not node.empty) for node in graph.nodes
        )
    assert restarted > 10
