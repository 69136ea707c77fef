"""Runs of some nodes only: the others are SKIPPED at once, and the order holds across them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.model import work
from tests.model.work import Gate, configure, node_states, procedure, run
from tests.support.wait import until, wait_run


@pytest.fixture
def flows(db: Any, orchestrator: Any) -> Any:
    """A database with the callbacks and an orchestrator."""
    work.prepare(db)
    return db


def node(name: str, *parents: str, **more: Any) -> dict[str, Any]:
    """A node that calls work.run on self unless told otherwise."""
    dependencies = [{"parent": parent} for parent in parents]
    return {"node": name, "target": "self", "routine": "work.run", "dependencies": dependencies} | more


def held(name: str, *parents: str) -> dict[str, Any]:
    """A node whose routine waits at gate 1."""
    return node(name, *parents, routine="work.held")


@pytest.fixture
def gate(flows: Any) -> Any:
    """A closed gate, at which nodes made by held() wait."""
    with Gate(flows) as closed:
        procedure(flows, "held", "PERFORM work.gate(1); CALL work.run(_args);")
        yield closed


def test_what_is_skipped_is_resolved_at_once_and_its_children_wait(flows: Any, gate: Gate) -> None:
    """a holds two chains of skipped nodes up; the run shows them as skipped meanwhile."""
    nodes = [held("a"), node("b", "a"), node("x"), node("c", "b", "x"), node("d", "c"), node("e", "x")]
    configure(flows, "f", {"nodes": nodes})
    flow_id = run(flows, "f", only=["a", "d", "e"])
    until(lambda: node_states(flows, flow_id)["e"] == "FINISHED", what="e, which nothing holds up, to end")
    until(lambda: gate.waiting() == 1, what="a to run")
    assert node_states(flows, flow_id) == {
        "a": "RUNNING",
        "b": "SKIPPED",
        "x": "SKIPPED",
        "c": "SKIPPED",
        "d": "PENDING",
        "e": "FINISHED",
    }
    status = "SELECT status FROM flow.v_flow_node_status WHERE flow_id = %s AND node = 'b'"
    assert flows.value(status, (flow_id,)) == "Skipped"
    gate.open()
    assert wait_run(flows, flow_id) == "FINISHED"
    assert [row.node for row in work.done(flow_id, flows)][-2:] == ["a", "d"]


def test_failure_does_not_pass_a_skipped_node(flows: Any) -> None:
    """What is skipped counts as finished, whatever came before it; a direct child of what failed is DOA."""
    nodes = [node("a"), node("b", "a"), node("c", "b"), node("d", "a")]
    configure(flows, "f", {"nodes": nodes})
    flow_id = run(flows, "f", {"fail": ["a"]}, only=["a", "c", "d"])
    assert wait_run(flows, flow_id) == "FAILED"
    assert node_states(flows, flow_id) == {"a": "FAILED", "b": "SKIPPED", "c": "FINISHED", "d": "DOA"}


@pytest.mark.parametrize("only", [[], ["b"]], ids=["none", "one"])
def test_the_counts_of_a_partial_run(flows: Any, only: list[str]) -> None:
    configure(flows, "f", {"nodes": [node("a"), node("b", "a"), node("c", "b")]})
    flow_id = run(flows, "f", only=only)
    assert wait_run(flows, flow_id) == "FINISHED"
    counts = "SELECT count_nodes, count_finished_nodes, count_failed_nodes FROM flow.v_flow_status"
    assert flows.execute(counts) == [(3, 3, 0)]
    assert [row.node for row in work.done(flow_id, flows)] == only


def test_a_partial_run_is_canceled(flows: Any, gate: Gate) -> None:
    configure(flows, "f", {"nodes": [held("a"), node("b", "a"), node("c", "b"), node("d", "c")]})
    flow_id = run(flows, "f", only=["a", "d"])
    until(lambda: gate.waiting() == 1, what="a to run")
    flows.execute("SELECT flow.cancel(%s)", (flow_id,))
    assert wait_run(flows, flow_id) == "CANCELED"
    assert node_states(flows, flow_id) == {"a": "CANCELED", "b": "SKIPPED", "c": "SKIPPED", "d": "CANCELED"}


def test_an_error_names_every_unknown_node(flows: Any) -> None:
    configure(flows, "f", {"nodes": [node("load_sales"), node("report")]})
    names = ["reports", "load_sales", "laod_sales", None, "reports", "zzz"]
    with pytest.raises(psycopg.Error) as caught:
        flows.execute("SELECT flow.run_flow('f', '{}', %s)", (names,))
    assert caught.value.sqlstate == "PF003"
    assert caught.value.diag.message_primary == 'unknown nodes: "reports", "laod_sales", null, "zzz"'
    assert caught.value.diag.message_hint == (
        'Did you mean "report" for "reports"? Did you mean "load_sales" for "laod_sales"?'
    )
    assert flows.value("SELECT count(*)::INT FROM flow.v_flow_status") == 0


def test_a_graph_of_many_ways_is_widened_at_once(flows: Any) -> None:
    """Twenty layers of ten nodes, each depending on all before it: 10^20 ways."""
    layers = [[f"n{layer}_{place}" for place in range(10)] for layer in range(20)]
    nodes = [
        node(name, *(layers[number - 1] if number else []), empty=True, routine=None)
        for number, layer in enumerate(layers)
        for name in layer
    ]
    configure(flows, "f", {"nodes": nodes})
    call = "SELECT flow.run_flow('f', '{}', ARRAY['n10_0'], _add_parents => true, _add_children => true)"
    flow_id = flows.value(call)
    assert wait_run(flows, flow_id) == "FINISHED"
    skipped = {name for name, state in node_states(flows, flow_id).items() if state == "SKIPPED"}
    assert skipped == {f"n10_{place}" for place in range(1, 10)}


def test_create_flow_takes_the_arguments_of_the_script_version(flows: Any) -> None:
    """By position, with the priority in seventh place; it is that of all tasks of the run."""
    configure(flows, "f", {"nodes": [node("a"), node("b", "a"), node("c", "b", priority=2)]})
    flow_id = flows.value("SELECT flow.create_flow('f', '{}', ARRAY['b'], false, true, NULL, 5)")
    assert wait_run(flows, flow_id) == "FINISHED"
    tasks = "SELECT node, priority FROM flow.v_flow_task WHERE flow_id = %s ORDER BY node"
    assert flows.execute(tasks, (flow_id,)) == [("b", 5), ("c", 7)]


def test_a_client_asks_for_a_partial_run(flows: Any, client_db: Any) -> None:
    configure(flows, "f", {"nodes": [node("a"), node("b", "a"), node("c", "b")]})
    client_db.execute("SELECT async.server(%s)", (flows.conninfo,))
    for call in ("run_flow", "create_flow"):
        flow_id = client_db.value(f"SELECT flow.{call}('f', '{{}}', ARRAY['b'], true)")
        assert wait_run(flows, flow_id) == "FINISHED"
        assert node_states(flows, flow_id) == {"a": "FINISHED", "b": "FINISHED", "c": "SKIPPED"}
