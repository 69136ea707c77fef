"""Random graphs for hypothesis: small ones drawn choice by choice (they shrink well), large ones from
a seed."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Protocol

from hypothesis import strategies as st

from tests.model.model import (
    CLASHES,
    DEFER,
    DIES,
    LATE,
    MOST_CLASHES,
    NO,
    Graph,
    Node,
    Parent,
    Push,
    Step,
    Unit,
)


class _Choices(Protocol):
    """The part of random.Random that a graph is made with; hypothesis can play it too."""

    def randint(self, a: int, b: int) -> int: ...

    def random(self) -> float: ...


SMALL, LARGE = 10, 300


def graphs(targets: tuple[str, ...] = ("self",)) -> st.SearchStrategy[Graph]:
    """Graphs of 1 to 300 nodes whose nodes live on ``targets``."""
    small = st.tuples(st.integers(1, SMALL), st.randoms(use_true_random=False))
    large = st.tuples(st.integers(SMALL + 1, LARGE), st.integers(0, 2**32).map(random.Random))
    return st.one_of(small, large).map(lambda drawn: with_courses(build(*drawn, targets), drawn[1]))


ERRORS = ("22012", "23505", "42P01", "40001", "40P01")
RETRY_ON = (None, None, ("22",), ("23505", "42P01"), ("XX123", "40"))
STEP_TIMEOUT = 2.0
"""Seconds for the steps of a node one of which overruns them: enough for the others on a busy machine."""


def with_courses(graph: Graph, choices: _Choices) -> Graph:
    """The same graph with every option of its nodes: retries, priorities, what single calls come to, …"""
    nodes = tuple(_with_options(node, choices) for node in graph.nodes)
    steps = [(node.name, step.key) for node in nodes for step in node.steps]
    steps += [(push.to, step.key) for push in graph.pushes for step in push.steps]
    own = [(node.name, None) for node in nodes if not node.empty]
    units: list[Unit] = [*own, *dict.fromkeys(steps)]
    share = choices.randint(0, 30) / 100
    by_name = {node.name: node for node in nodes}
    courses: dict[Unit, tuple[str, ...]] = {}
    for unit in units:
        if choices.random() < share:
            courses[unit] = _course(by_name[unit[0]], unit, choices)
    made = Graph(nodes, graph.pushes, graph.only, courses)
    return _with_a_slow_one(made, units, choices) if len(nodes) <= SMALL else made


def _with_options(node: Node, choices: _Choices) -> Node:
    return replace(
        node,
        retries=choices.randint(0, 3),
        retry_on=RETRY_ON[choices.randint(0, len(RETRY_ON) - 1)],
        priority=choices.randint(-3, 3),
        synchronous=not node.empty and choices.random() < 0.4,
        answers="within" if choices.random() < 0.5 else "outside",
        own_routines=choices.random() < 0.3,
    )


def _course(node: Node, unit: Unit, choices: _Choices) -> tuple[str, ...]:
    """Up to four calls that do not end the matter, or those of a unit whose answer is no; or clashes, maybe too
    many."""
    if choices.random() < 0.2:
        return (CLASHES[choices.randint(0, 1)],) * choices.randint(1, MOST_CLASHES + 1)
    words = [
        DEFER if choices.random() < 0.4 else ERRORS[choices.randint(0, len(ERRORS) - 1)]
        for _ in range(choices.randint(1, 4))
    ]
    if node.waits(is_step=unit[1] is not None) and choices.random() < 0.3:
        words[-1] = NO
    return tuple(words)


def _with_a_slow_one(graph: Graph, units: list[Unit], choices: _Choices) -> Graph:
    """In a few graphs a session is ended, or a step overruns its time: either takes a second or two."""
    kind = choices.random()
    steps = [unit for unit in units if unit[1] is not None]
    among = units if kind < 0.1 else steps if kind < 0.2 else []
    if not among:
        return graph
    unit = among[choices.randint(0, len(among) - 1)]
    change: dict[str, object] = (
        {"on_interrupt": "fail" if choices.random() < 0.5 else "retry"}
        if kind < 0.1
        else {"step_timeout": STEP_TIMEOUT}
    )
    nodes = tuple(replace(n, **change) if n.name == unit[0] else n for n in graph.nodes)  # type: ignore[arg-type]
    word = DIES if kind < 0.1 else LATE
    return replace(graph, nodes=nodes, courses={**graph.courses, unit: (word,)})


def build(size: int, choices: _Choices, targets: tuple[str, ...] = ("self",)) -> Graph:
    """A graph of ``size`` nodes; the kinds of trouble in it differ from graph to graph, so that many
    are deep and alive."""
    fan_in = choices.randint(0, 4)
    far = choices.random() < 0.3
    failing = choices.randint(0, 20) / 100
    lenient = choices.randint(0, 60) / 100
    empty = choices.randint(0, 30) / 100
    stepped = choices.randint(0, 60) / 100
    nodes: list[Node] = []
    for number in range(size):
        reach = number if far else min(number, 8)
        parents = (
            {number - choices.randint(1, reach) for _ in range(choices.randint(0, fan_in))}
            if number
            else set()
        )
        nodes.append(
            Node(
                name=f"n{number}",
                parents=tuple(Parent(f"n{p}", choices.random() < lenient) for p in sorted(parents)),
                fails=choices.random() < failing,
                empty=choices.random() < empty,
                steps=_steps(choices, failing) if choices.random() < stepped else (),
                all_steps_must_complete=choices.random() < 0.5,
                target=targets[choices.randint(0, len(targets) - 1)],
            )
        )
    return Graph(tuple(nodes), _pushes(nodes, choices, stepped, failing))


def _steps(choices: _Choices, failing: float) -> tuple[Step, ...]:
    """One to six steps; numbers repeat between static and pushed ones, and then mean the same step."""
    drawn = [(choices.random() < failing, choices.randint(1, 9)) for _ in range(choices.randint(1, 6))]
    keys = {f"{'bad' if fails else 'good'}{number}": fails for fails, number in drawn}
    return tuple(Step(key, fails) for key, fails in keys.items())


def _pushes(nodes: list[Node], choices: _Choices, stepped: float, failing: float) -> tuple[Push, ...]:
    """Pushes of nodes that have a routine, to themselves or to a node below them."""
    below: dict[str, list[str]] = {node.name: [node.name] for node in nodes}
    for name, above in Graph(tuple(nodes)).ancestors().items():
        for ancestor in sorted(above):
            below[ancestor].append(name)
    pushers = [node.name for node in nodes if not node.empty and choices.random() < stepped / 2]
    return tuple(
        Push(by, below[by][choices.randint(0, min(3, len(below[by]) - 1))], _steps(choices, failing))
        for by in pushers
    )
