"""The reference model itself, on graphs small enough to know the answer."""

from __future__ import annotations

import random

from hypothesis import given, settings

from tests.model.graphs import build, graphs, with_courses
from tests.model.model import Graph, Node, Parent, Push, Step, follow, outcome


def chain(*nodes: Node, lenient: bool = False) -> Graph:
    """The nodes one after the other."""
    linked = [nodes[0]]
    for node in nodes[1:]:
        linked.append(Node(**{**node.__dict__, "parents": (Parent(linked[-1].name, lenient),)}))
    return Graph(tuple(linked))


def test_all_well() -> None:
    out = outcome(chain(Node("a"), Node("b", empty=True), Node("c", steps=(Step("1"), Step("2")))))
    assert out.nodes == {"a": "FINISHED", "b": "FINISHED", "c": "FINISHED"}
    assert out.run == "FINISHED"
    assert out.once == {("a", None), ("c", None), ("c", "1"), ("c", "2")}
    assert not out.maybe


def test_failure_goes_down() -> None:
    out = outcome(chain(Node("a", fails=True), Node("b"), Node("c", steps=(Step("1"),))))
    assert out.nodes == {"a": "FAILED", "b": "DOA", "c": "DOA"}
    assert out.run == "FAILED"
    assert not out.once
    assert not out.maybe


def test_continue_on_failure() -> None:
    out = outcome(chain(Node("a", fails=True), Node("b"), lenient=True))
    assert out.nodes == {"a": "FAILED", "b": "FINISHED"}
    assert out.run == "FAILED"
    assert out.once == {("b", None)}


def test_one_mandatory_parent_is_enough_to_stop_a_node() -> None:
    nodes = (Node("a", fails=True), Node("b"), Node("c", parents=(Parent("a"), Parent("b"))))
    assert outcome(Graph(nodes)).nodes["c"] == "DOA"


def test_a_doa_parent_counts_as_failed_but_may_be_continued_from() -> None:
    nodes = (
        Node("a", fails=True),
        Node("b", (Parent("a"),)),
        Node("c", (Parent("b", True),)),
        Node("d", (Parent("b"),)),
    )
    assert outcome(Graph(nodes)).nodes == {"a": "FAILED", "b": "DOA", "c": "FINISHED", "d": "DOA"}


def test_failing_step_stops_the_others() -> None:
    out = outcome(Graph((Node("a", steps=(Step("1"), Step("2", fails=True))),)))
    assert out.nodes == {"a": "FAILED"}
    assert out.once == {("a", None)}
    assert out.maybe == {("a", "1")}
    assert out.states["a", "1"] == {"FINISHED", "CANCELED"}
    assert out.one_failed == [{("a", "2")}]


def test_failing_step_where_not_all_must_complete() -> None:
    out = outcome(
        Graph((Node("a", steps=(Step("1"), Step("2", fails=True)), all_steps_must_complete=False),))
    )
    assert out.nodes == {"a": "FINISHED"}
    assert out.run == "FINISHED"
    assert out.once == {("a", None), ("a", "1")}
    assert not out.maybe
    assert out.states["a", "2"] == {"FAILED"}


def test_static_steps_of_a_failing_node_never_run() -> None:
    out = outcome(Graph((Node("a", fails=True, steps=(Step("1"),)),)))
    assert out.nodes == {"a": "FAILED"}
    assert not out.once
    assert not out.maybe


def test_pushes_count_when_the_pusher_succeeded() -> None:
    nodes = (Node("a"), Node("b", (Parent("a"),), empty=True))
    pushes = (Push("a", "b", (Step("1"),)), Push("a", "b", (Step("1"), Step("2"))))
    assert outcome(Graph(nodes, pushes)).once == {("a", None), ("b", "1"), ("b", "2")}
    failed = (Node("a", fails=True), Node("b", (Parent("a", True),), empty=True))
    out = outcome(Graph(failed, pushes))
    assert out.nodes["b"] == "FINISHED"
    assert not out.once


def test_skipped_parents_count_as_finished() -> None:
    graph = chain(Node("a", fails=True), Node("b"), Node("c"))
    out = outcome(Graph(graph.nodes, only=frozenset({"b"})))
    assert out.nodes == {"a": "SKIPPED", "b": "FINISHED", "c": "SKIPPED"}
    assert out.run == "FINISHED"
    assert out.once == {("b", None)}


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_random_graphs_are_sound(graph: Graph) -> None:
    """Every generated graph is a DAG in topological order, and its outcome names each of its nodes and
    no other."""
    seen: set[str] = set()
    for node in graph.nodes:
        assert {p.node for p in node.parents} <= seen
        assert node.name not in seen
        seen.add(node.name)
    above = graph.ancestors()
    empty = {node.name for node in graph.nodes if node.empty}
    assert all(
        push.by not in empty and (push.by == push.to or push.by in above[push.to]) for push in graph.pushes
    )
    out = outcome(graph)
    assert out.nodes.keys() == seen
    assert not out.once & out.maybe
    assert {unit[0] for unit in out.once | out.maybe} <= seen


def test_random_graphs_have_every_kind_of_node() -> None:
    """The generator reaches every end that the model knows, or the comparison would compare little."""
    graphs_drawn = [build(100, random.Random(seed)) for seed in range(50)]
    ends = {state for graph in graphs_drawn for state in outcome(graph).nodes.values()}
    assert ends == {"FINISHED", "FAILED", "DOA"}
    assert any(outcome(graph).maybe for graph in graphs_drawn)
    assert any(push.by != push.to for graph in graphs_drawn for push in graph.pushes)
    finished = sum(list(outcome(graph).nodes.values()).count("FINISHED") for graph in graphs_drawn)
    assert finished > 100 * 50 / 3, "most generated nodes are dead"


def test_what_calls_come_to() -> None:
    """Retries are counted, deferrals and clashes are not; the work of a call that defers stays."""
    plain, patient = Node("a"), Node("a", retries=2)
    assert follow(plain, (), False) == ("FINISHED", 1)
    assert follow(plain, ("22012",), False) == ("FAILED", 0)
    assert follow(patient, ("22012", "defer", "22012"), False) == ("FINISHED", 2)
    assert follow(patient, ("22012", "22012", "22012"), False) == ("FAILED", 0)
    assert follow(patient, ("42P01",), False) == ("FAILED", 0)
    assert follow(Node("a", retries=1, retry_on=("42",)), ("42P01",), False) == ("FINISHED", 1)
    assert follow(Node("a", retries=1, retry_on=("42",)), ("22012",), False) == ("FAILED", 0)
    assert follow(plain, ("40001",) * 5, False) == ("FINISHED", 1)
    assert follow(plain, ("40001",) * 6, False) == ("FAILED", 0)
    assert follow(patient, ("40001",) * 7, False) == ("FINISHED", 1)
    assert follow(plain, ("dies",), False) == ("FINISHED", 1)
    assert follow(Node("a", on_interrupt="fail"), ("defer", "dies"), False) == ("FAILED", 1)
    assert follow(plain, ("late",), False) == ("TIMED_OUT", 0)
    assert follow(patient, ("late",), False) == ("FINISHED", 1)
    assert follow(patient, ("no",), False) == ("FAILED", 1)
    assert follow(patient, (), True) == ("FAILED", 0)


def test_a_call_that_defers_pushes_even_where_the_next_one_fails() -> None:
    nodes = (Node("a"), Node("b", parents=(Parent("a", continue_on_failure=True),)))
    courses = {("a", None): ("defer", "22012")}
    out = outcome(Graph(nodes, (Push("a", "b", (Step("1"),)),), None, courses))
    assert out.nodes == {"a": "FAILED", "b": "FINISHED"}
    assert out.once == {("a", None), ("b", None), ("b", "1")}


def test_random_courses_reach_every_end() -> None:
    targets = ("self", "self_later")
    drawn = [with_courses(build(8, random.Random(seed), targets), random.Random(seed)) for seed in range(400)]
    words = {word for graph in drawn for course in graph.courses.values() for word in course}
    assert words == {"defer", "no", "dies", "late", "22012", "23505", "42P01", "40001", "40P01"}
    ends = {end for graph in drawn for ends in outcome(graph).states.values() for end in ends}
    assert ends == {"FINISHED", "FAILED", "TIMED_OUT", "CANCELED"}
    assert any(count > 2 for graph in drawn for count in outcome(graph).times.values())
