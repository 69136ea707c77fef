"""Nodes that exclude each other never run at once, in one run or in several; nobody waits for ever."""

from __future__ import annotations

import json
import os
import random
from itertools import combinations
from typing import Any

import pytest

from tests.model import work
from tests.model.graphs import build
from tests.model.model import outcome
from tests.model.work import Gate, configure, node_states, procedure, run
from tests.support.consistency import checked_all_the_time
from tests.support.wait import until, wait_run

SEED = int(os.environ.get("PGFLOW_SEED", "20260923"))


@pytest.fixture
def flows(db: Any, orchestrator: Any) -> Any:
    """A database with the callbacks and an orchestrator."""
    work.prepare(db)
    return db


@pytest.fixture
def gate(flows: Any) -> Any:
    """A closed gate, at which nodes made by held() wait."""
    with Gate(flows) as closed:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        yield closed


def node(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """A node that calls work.run on self unless told otherwise."""
    dependencies = [{"parent": parent} for parent in parents]
    return {"node": name, "target": "self", "routine": "work.run", "dependencies": dependencies} | more


def held(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """A node whose routine waits at gate 1."""
    return node(name, *parents, routine="work.held", **more)


def flow(db: Any, *nodes: dict[str, Any], mutexes: list[list[str]], name: str = "f") -> None:
    configure(db, name, {"nodes": list(nodes), "mutexes": mutexes})


def state_of(db: Any, flow_id: int, name: str) -> str:
    return node_states(db, flow_id)[name]


def began_in_order(db: Any, *names: str) -> list[tuple[int, str]]:
    """(run, node) of the nodes of these names, in the order in which they began."""
    sql = "SELECT flow_id, node FROM work.done WHERE node = ANY(%s) AND step IS NULL ORDER BY begun"
    return db.execute(sql, (list(names),))  # type: ignore[no-any-return]


def check_never_at_once(db: Any, mutexes: list[list[str]]) -> None:
    """No two nodes of a mutex, of whatever runs, have worked at one time, their steps included."""
    sql = "SELECT flow_id, node, min(begun), max(ended) FROM work.done GROUP BY 1, 2 ORDER BY 3"
    spans = db.execute(sql)
    for names in mutexes:
        of_mutex = [span for span in spans if span[1] in names]
        for first, second in combinations(of_mutex, 2):
            assert second[2] >= first[3], f"{first} and {second} overlap"


# ---- what is excluded ----


def test_a_node_excludes_others_with_its_steps(flows: Any) -> None:
    """Also while only its steps run, and while it waits for another attempt."""
    with Gate(flows) as gate:
        procedure(flows, "held_step", "PERFORM work.gate(1); CALL work.run(_args);")
        stepped = node("a", steps=[{"step": "1"}], step_routine="work.held_step")
        flow(flows, stepped, node("b"), mutexes=[["a", "b"]])
        flow_id = run(flows, "f")
        until(lambda: gate.waiting() == 1, what="the step to run")
        assert node_states(flows, flow_id) == {"a": "RUNNING_STEPS", "b": "PENDING"}
        assert flows.execute("SELECT * FROM flow.check_consistency()") == []
    assert wait_run(flows, flow_id) == "FINISHED"
    assert [row.node for row in work.done(flow_id, flows)] == ["a", "a", "b"]


def test_a_node_that_is_tried_again_goes_on_excluding(flows: Any) -> None:
    kind = {"retries": 1, "retry_delay": "1 h"}
    flow(flows, node("a", **kind), node("b"), mutexes=[["a", "b"]])
    flow_id = run(flows, "f", {"fail": ["a"]})
    until(lambda: flows.value("SELECT count(*) = 1 FROM async.delayed"), what="a to wait for its retry")
    assert state_of(flows, flow_id, "b") == "PENDING"
    flows.execute("SELECT flow.cancel(%s)", (flow_id,))
    assert wait_run(flows, flow_id) == "CANCELED"


def test_a_node_that_finishes_asynchronously_excludes_until_it_is_resolved(flows: Any) -> None:
    target = {"target": "later", "connection_string": flows.conninfo, "asynchronous_finish": True}
    flows.execute("SELECT async.configure(%s)", (json.dumps({"targets": [target]}),))
    flow(flows, node("a", target="later"), node("b"), mutexes=[["a", "b"]])
    flow_id = run(flows, "f")
    until(lambda: state_of(flows, flow_id, "a") == "YIELDED", what="a to wait for its answer")
    flows.execute("SELECT async.wait_for_latch()")
    assert state_of(flows, flow_id, "b") == "PENDING"
    task = flows.value("SELECT task_id FROM async.yielded")
    flows.execute(
        "CALL flow.finish((%s, 'f', '{}', 'a', NULL, %s)::flow.callback_arguments_t)", (flow_id, task)
    )
    assert wait_run(flows, flow_id) == "FINISHED"
    assert [name for _, name in began_in_order(flows, "a", "b")] == ["a", "b"]


@pytest.mark.parametrize("mutex", [["a"], ["a", "b"]], ids=["alone", "in_a_pair"])
def test_a_node_excludes_itself_in_other_runs(flows: Any, gate: Gate, mutex: list[str]) -> None:
    """In the order in which the runs were asked for."""
    flow(flows, held("a"), node("b", "a"), mutexes=[mutex])
    first = run(flows, "f")
    until(lambda: gate.waiting() == 1, what="the first to run")
    others = [run(flows, "f") for _ in range(4)]
    flows.execute("SELECT async.wait_for_latch()")
    assert {state_of(flows, flow_id, "a") for flow_id in others} == {"PENDING"}
    gate.open()
    for flow_id in (first, *others):
        assert wait_run(flows, flow_id) == "FINISHED"
    assert [flow_id for flow_id, _ in began_in_order(flows, "a")] == [first, *others]
    check_never_at_once(flows, [mutex])


def test_runs_of_another_version_are_excluded_too(flows: Any, gate: Gate) -> None:
    """By name: in the new version the nodes have other numbers, and the mutex another place."""
    flow(flows, held("a"), node("b"), mutexes=[["a", "b"]])
    old = run(flows, "f")
    until(lambda: gate.waiting() == 1, what="a of the old version to run")
    flow(flows, node("x"), node("b"), node("a"), mutexes=[["x"], ["b", "a"]])
    new = run(flows, "f")
    until(lambda: state_of(flows, new, "x") == "FINISHED", what="x, which nobody excludes, to end")
    assert (state_of(flows, new, "a"), state_of(flows, new, "b")) == ("PENDING", "PENDING")
    gate.open()
    assert [wait_run(flows, flow_id) for flow_id in (old, new)] == ["FINISHED", "FINISHED"]
    check_never_at_once(flows, [["a", "b"]])


def test_other_flows_and_other_nodes_are_not_excluded(flows: Any, gate: Gate) -> None:
    for name in ("f", "g"):
        flow(flows, held("a"), held("b"), held("c"), mutexes=[["a", "b"]], name=name)
    runs = [run(flows, name) for name in ("f", "g")]
    until(lambda: gate.waiting() == 4, what="a and c of both flows to run")
    for flow_id in runs:
        assert state_of(flows, flow_id, "b") == "PENDING"
    gate.open()
    assert [wait_run(flows, flow_id) for flow_id in runs] == ["FINISHED", "FINISHED"]


# ---- nobody waits for ever ----


def test_who_is_excluded_by_many_is_not_overtaken(flows: Any, gate: Gate) -> None:
    """x excludes a and b, which do not exclude each other: while it waits for b no later a goes before it."""
    with Gate(flows, 2) as other:
        procedure(flows, "held_too", "PERFORM work.gate(2); CALL work.run(_args);")
        nodes = [held("a"), node("b", routine="work.held_too"), node("x")]
        flow(flows, *nodes, mutexes=[["a", "x"], ["b", "x"]])
        runs = [run(flows, "f", only=[name]) for name in "ab"]
        until(lambda: gate.waiting() == other.waiting() == 1, what="a and b to run")
        runs += [run(flows, "f", only=[name]) for name in "xabab"]
        flows.execute("SELECT async.wait_for_latch()")
        gate.open()
        assert wait_run(flows, runs[0]) == "FINISHED"
        assert (state_of(flows, runs[2], "x"), state_of(flows, runs[3], "a")) == ("PENDING", "PENDING")
    for flow_id in runs:
        assert wait_run(flows, flow_id) == "FINISHED"
    assert [name for _, name in began_in_order(flows, "a", "b", "x")].index("x") == 2
    check_never_at_once(flows, [["a", "x"], ["b", "x"]])


def test_a_ring_of_mutexes_does_not_come_to_a_standstill(flows: Any) -> None:
    """Each of six nodes excludes its two neighbours: twenty runs end, and each pair is kept apart."""
    names = [f"n{number}" for number in range(6)]
    ring = [[names[number], names[(number + 1) % 6]] for number in range(6)]
    flow(flows, *(node(name, steps=[{"step": "1"}]) for name in names), mutexes=ring)
    runs = [run(flows, "f") for _ in range(20)]
    with checked_all_the_time(flows):
        for flow_id in runs:
            assert wait_run(flows, flow_id, 60) == "FINISHED"
    check_never_at_once(flows, ring)
    assert flows.execute("SELECT * FROM flow.mutex_claim") == []


@pytest.mark.parametrize("end", ["fails", "is canceled", "is finished from outside"])
def test_however_a_node_ends_the_next_begins(flows: Any, gate: Gate, end: str) -> None:
    flow(flows, held("a"), mutexes=[["a"]])
    first = run(flows, "f", {"fail": ["a"] if end == "fails" else []})
    until(lambda: gate.waiting() == 1, what="the first to run")
    waiting, last = run(flows, "f"), run(flows, "f")
    flows.execute("SELECT async.wait_for_latch()")
    flows.execute("SELECT flow.cancel(%s)", (waiting,))
    assert wait_run(flows, waiting) == "CANCELED"
    assert state_of(flows, last, "a") == "PENDING"
    if end == "is canceled":
        flows.execute("SELECT flow.cancel(%s)", (first,))
        assert wait_run(flows, first) == "CANCELED"
    elif end == "is finished from outside":
        task = flows.value("SELECT task_id FROM flow.v_flow_task WHERE flow_id = %s", (first,))
        flows.execute("SELECT async.cancel(ARRAY[%s])", (task,))
        assert wait_run(flows, first) == "FAILED"
    gate.open()
    assert wait_run(flows, first) == {"fails": "FAILED", "is canceled": "CANCELED"}.get(end, "FAILED")
    assert wait_run(flows, last) == "FINISHED"


def test_a_canceled_run_gives_way(flows: Any, gate: Gate) -> None:
    """Of two nodes that wait, the first is canceled: what it held back begins, though nothing has ended."""
    flow(flows, held("a"), node("x"), held("b"), mutexes=[["a", "x"], ["x", "b"]])
    runs = [run(flows, "f", only=[name]) for name in "axb"]
    until(lambda: gate.waiting() == 1, what="a to run")
    flows.execute("SELECT async.wait_for_latch()")
    assert [state_of(flows, runs[n], name) for n, name in ((1, "x"), (2, "b"))] == ["PENDING", "PENDING"]
    flows.execute("SELECT flow.cancel(%s)", (runs[1],))
    until(lambda: gate.waiting() == 2, what="b to run beside a")
    gate.open()
    assert [wait_run(flows, flow_id) for flow_id in runs] == ["FINISHED", "CANCELED", "FINISHED"]


def test_what_never_runs_holds_nothing(flows: Any) -> None:
    """DOA, skipped, and joints that have nothing to do; a target that is gone."""
    joint = {"node": "joint", "empty": True, "dependencies": []}
    nodes = [node("a"), node("b", "a"), joint, node("c")]
    flow(flows, *nodes, mutexes=[["a", "b", "joint", "c"]])
    first = run(flows, "f", {"fail": ["a"]})
    assert wait_run(flows, first) == "FAILED"
    assert node_states(flows, first) == {"a": "FAILED", "b": "DOA", "joint": "FINISHED", "c": "FINISHED"}
    second = run(flows, "f", only=["b"])
    assert wait_run(flows, second) == "FINISHED"
    assert flows.execute("SELECT * FROM flow.mutex_claim") == []


# ---- faults and restarts ----


def test_an_orchestrator_that_is_lost_leaves_no_mutex_behind(
    flows: Any, gate: Gate, orchestrator: Any
) -> None:
    """One runs, two wait; the next orchestrator knows, and so does one that finds the end of the first."""
    flow(flows, held("a"), mutexes=[["a"]])
    runs = [run(flows, "f") for _ in range(3)]
    until(lambda: gate.waiting() == 1, what="the first to run")
    orchestrator.terminate()
    orchestrator.start()
    flows.execute("SELECT async.wait_for_latch()")
    assert gate.waiting() == 1
    assert [state_of(flows, flow_id, "a") for flow_id in runs] == ["RUNNING", "PENDING", "PENDING"]
    orchestrator.terminate()
    gate.open()
    orchestrator.start()
    assert [wait_run(flows, flow_id) for flow_id in runs] == ["FINISHED"] * 3
    assert [flow_id for flow_id, _ in began_in_order(flows, "a")] == runs


def test_a_restarted_run_claims_its_mutexes_again(flows: Any, gate: Gate) -> None:
    flow(flows, held("a"), node("b", steps=[{"step": "1"}]), mutexes=[["a", "b"]])
    done = run(flows, "f", {"fail": ["b"]}, only=["b"])
    assert wait_run(flows, done) == "FAILED"
    holding = run(flows, "f", only=["a"])
    until(lambda: gate.waiting() == 1, what="a to run")
    flows.execute("SELECT flow.restart_flow(%s)", (done,))
    flows.execute("SELECT async.wait_for_latch()")
    assert state_of(flows, done, "b") == "PENDING"
    gate.open()
    assert wait_run(flows, holding) == "FINISHED"
    assert wait_run(flows, done) == "FAILED"


@pytest.mark.long
def test_random_graphs_with_random_mutexes(flows: Any) -> None:
    """Several runs at once of each: all end as the model says, and nothing overlaps that must not."""
    for number in range(12):
        choices = random.Random(f"{SEED} {number}")
        graph = build(choices.randint(2, 12), choices)
        names = [item.name for item in graph.nodes]
        mutexes = [
            sorted(choices.sample(names, choices.randint(1, min(4, len(names)))))
            for _ in range(choices.randint(1, 4))
        ]
        print(f"PGFLOW_SEED={SEED} graph {number}: {len(names)} nodes, mutexes {mutexes}")
        flows.execute("TRUNCATE work.done")
        work.configure(flows, f"g{number}", work.configuration(graph) | {"mutexes": mutexes})
        runs = [run(flows, f"g{number}", work.arguments(graph)) for _ in range(3)]
        for flow_id in runs:
            wait_run(flows, flow_id, 60)
            rows = work.done(flow_id, flows)
            work.check_effects(rows, outcome(graph))
            work.check_states(flows, flow_id, outcome(graph))
            work.check_order(rows, graph)
        check_never_at_once(flows, mutexes)
