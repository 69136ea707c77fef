"""Random graphs for hypothesis: small ones drawn choice by choice (they shrink well), large ones from
a seed."""

from __future__ import annotations

import random
from typing import Protocol

from hypothesis import strategies as st

from tests.model.model import Graph, Node, Parent, Push, Step


class _Choices(Protocol):
    """The part of random.Random that a graph is made with; hypothesis can play it too."""

    def randint(self, a: int, b: int) -> int: ...

    def random(self) -> float: ...


SMALL, LARGE = 10, 300


def graphs(targets: tuple[str, ...] = ("self",)) -> st.SearchStrategy[Graph]:
    """Graphs of 1 to 300 nodes whose nodes live on ``targets``."""
    small = st.tuples(st.integers(1, SMALL), st.randoms(use_true_random=False))
    large = st.tuples(st.integers(SMALL + 1, LARGE), st.integers(0, 2**32).map(random.Random))
    return st.one_of(small, large).map(lambda drawn: build(drawn[0], drawn[1], targets))


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
