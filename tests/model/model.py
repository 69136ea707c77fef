"""What a run must come to: the promises about order, steps and failure, as a pure function of the graph.

The engine is compared with this; it knows nothing of tasks, pools, targets or time. A *unit* is one thing
that runs: ``(node, None)`` is the node's own routine, ``(node, key)`` one of its steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Unit = tuple[str, str | None]

FINISHED, FAILED, CANCELED, DOA, SKIPPED = "FINISHED", "FAILED", "CANCELED", "DOA", "SKIPPED"


@dataclass(frozen=True)
class Step:
    """One step; two steps of a node with the same key are the same step."""

    key: str
    fails: bool = False


@dataclass(frozen=True)
class Parent:
    """A dependency on the node called ``node``."""

    node: str
    continue_on_failure: bool = False


@dataclass(frozen=True)
class Node:
    """A vertex. ``fails`` speaks of its own routine, which an ``empty`` node has not."""

    name: str
    parents: tuple[Parent, ...] = ()
    fails: bool = False
    empty: bool = False
    steps: tuple[Step, ...] = ()
    all_steps_must_complete: bool = True
    target: str = "self"


@dataclass(frozen=True)
class Push:
    """Steps that the routine of ``by`` pushes to ``to``: itself or a node below it."""

    by: str
    to: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Graph:
    """Nodes, parents before children; ``only`` names the nodes that are run (None: all)."""

    nodes: tuple[Node, ...]
    pushes: tuple[Push, ...] = ()
    only: frozenset[str] | None = None

    def ancestors(self) -> dict[str, set[str]]:
        """Every node's ancestors, near and far."""
        above: dict[str, set[str]] = {}
        for node in self.nodes:
            above[node.name] = set()
            for parent in node.parents:
                above[node.name] |= above[parent.node] | {parent.node}
        return above


@dataclass
class Outcome:
    """The end of a run.

    ``once`` took effect exactly once, ``maybe`` at most once, any other unit never; ``states`` are the finish
    statuses that a unit's task may have; of each set in ``one_failed`` at least one unit is FAILED.
    """

    nodes: dict[str, str] = field(default_factory=dict)
    run: str = FINISHED
    once: set[Unit] = field(default_factory=set)
    maybe: set[Unit] = field(default_factory=set)
    states: dict[Unit, set[str]] = field(default_factory=dict)
    one_failed: list[set[Unit]] = field(default_factory=list)


def outcome(graph: Graph) -> Outcome:
    """The end to which a run of ``graph`` must come."""
    out = Outcome()
    pushed: dict[str, list[Step]] = {node.name: [] for node in graph.nodes}
    for node in graph.nodes:
        out.nodes[node.name] = _resolve(graph, node, pushed, out)
    if FAILED in out.nodes.values():
        out.run = FAILED
    return out


def _resolve(graph: Graph, node: Node, pushed: dict[str, list[Step]], out: Outcome) -> str:
    """The final state of one node whose parents are resolved; records its units in ``out``, what it
    pushes in ``pushed``."""
    if graph.only is not None and node.name not in graph.only:
        return SKIPPED
    if any(not p.continue_on_failure and out.nodes[p.node] not in (FINISHED, SKIPPED) for p in node.parents):
        return DOA
    own: Unit = (node.name, None)
    if not node.empty:
        out.states[own] = {FAILED if node.fails else FINISHED}
        if node.fails:
            return FAILED
        out.once.add(own)
        for push in graph.pushes:
            if push.by == node.name:
                pushed[push.to] += push.steps
    return _resolve_steps(node, [*node.steps, *pushed[node.name]], out)


def _resolve_steps(node: Node, steps: Iterable[Step], out: Outcome) -> str:
    """The final state of a node whose own routine has succeeded, by its steps."""
    units: dict[Unit, Step] = {(node.name, step.key): step for step in steps}
    failing = {unit for unit, step in units.items() if step.fails}
    stops = bool(failing) and node.all_steps_must_complete
    for unit, step in units.items():
        end = FAILED if step.fails else FINISHED
        out.states[unit] = {end, CANCELED} if stops else {end}
    (out.maybe if stops else out.once).update(units.keys() - failing)
    if failing:
        out.one_failed.append(failing)
    return FAILED if stops else FINISHED
