"""What a run must come to: the promises about order, steps and failure, as a pure function of the graph.

The engine is compared with this; it knows nothing of tasks, pools, targets or time. A *unit* is one thing
that runs: ``(node, None)`` is the node's own routine, ``(node, key)`` one of its steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Unit = tuple[str, str | None]

FINISHED, FAILED, CANCELED, DOA, SKIPPED = "FINISHED", "FAILED", "CANCELED", "DOA", "SKIPPED"
TIMED_OUT = "TIMED_OUT"
OK, NO, DEFER, DIES, LATE = "ok", "no", "defer", "dies", "late"
"""What a call of a callback may come to, beside an SQLSTATE: it succeeds; it succeeds, and the answer that it
waits for is that it failed; it puts itself off; its session is ended; it overruns its time."""
TOLD_TO_FAIL = "XX123"
"""SQLSTATE of a callback that fails without more being said of it."""
CLASHES = ("40001", "40P01")
MOST_CLASHES = 5
ASYNCHRONOUS = "_later"
"""How the names of targets end that finish asynchronously."""


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
    """A vertex. ``fails`` speaks of its own routine, which an ``empty`` node has not.

    ``answers``: whether what finishes asynchronously is answered "within" its callback or from "outside".
    ``own_routines``: node_routine and step_routine are given, and a routine that is not there.
    """

    name: str
    parents: tuple[Parent, ...] = ()
    fails: bool = False
    empty: bool = False
    steps: tuple[Step, ...] = ()
    all_steps_must_complete: bool = True
    target: str = "self"
    retries: int = 0
    retry_on: tuple[str, ...] | None = None
    on_interrupt: str = "retry"
    priority: int = 0
    synchronous: bool = False
    answers: str = "within"
    step_timeout: float | None = None
    own_routines: bool = False

    def waits(self, is_step: bool) -> bool:
        """Whether its routine, or its steps, finish asynchronously."""
        return self.target.endswith(ASYNCHRONOUS) and (is_step or not self.synchronous)


@dataclass(frozen=True)
class Push:
    """Steps that the routine of ``by`` pushes to ``to``: itself or a node below it."""

    by: str
    to: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Graph:
    """Nodes, parents before children; ``only`` names the nodes that are run (None: all).

    ``courses``: what the first calls of a unit come to; behind them it does what its ``fails`` says.
    """

    nodes: tuple[Node, ...]
    pushes: tuple[Push, ...] = ()
    only: frozenset[str] | None = None
    courses: Mapping[Unit, tuple[str, ...]] = field(default_factory=dict)

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

    ``once`` took effect exactly as often as ``times`` says (once if it does not), ``maybe`` at most as often,
    any other unit never; ``states`` are the finish statuses that a unit's task may have; of each set in
    ``one_failed`` at least one unit has failed.
    """

    nodes: dict[str, str] = field(default_factory=dict)
    run: str = FINISHED
    once: set[Unit] = field(default_factory=set)
    maybe: set[Unit] = field(default_factory=set)
    times: dict[Unit, int] = field(default_factory=dict)
    states: dict[Unit, set[str]] = field(default_factory=dict)
    one_failed: list[set[Unit]] = field(default_factory=list)


def outcome(graph: Graph) -> Outcome:
    """The end to which a run of ``graph`` must come."""
    out = Outcome()
    pushed: dict[str, list[Step]] = {node.name: [] for node in graph.nodes}
    for node in graph.nodes:
        out.nodes[node.name] = _resolve(graph, node, pushed, out)
    if {FAILED, TIMED_OUT} & set(out.nodes.values()):
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
        end, effects = follow(node, graph.courses.get(own, ()), node.fails)
        out.states[own] = {end}
        if effects:
            out.once.add(own)
            out.times[own] = effects
            for push in graph.pushes:
                if push.by == node.name:
                    pushed[push.to] += push.steps
        early = [step for push in graph.pushes if push.by == push.to == node.name for step in push.steps]
        if early and effects and (effects > 1 or end != FINISHED or node.waits(is_step=False)):
            return _resolve_early(graph, node, end, early, [*node.steps, *pushed[node.name]], out)
        if end != FINISHED:
            return end
    return _resolve_steps(graph, node, [*node.steps, *pushed[node.name]], out)


def _resolve_early(
    graph: Graph, node: Node, end: str, early: list[Step], steps: list[Step], out: Outcome
) -> str:
    """The final state of a node some of whose steps may run before its own routine has ended.

    The routine pushed them in a call that was not its last, or waits for an answer since. A step that stops
    the node may cancel the routine, too; a routine that fails stops them.
    """
    own: Unit = (node.name, None)
    if end == FINISHED:
        end = _resolve_steps(graph, node, steps, out)
        if end != FINISHED:
            out.once.discard(own)
            out.maybe.add(own)
            out.states[own].add(CANCELED)
        return end
    began = Outcome()
    _resolve_steps(graph, node, early, began)
    out.maybe |= began.once | began.maybe
    out.times |= began.times
    out.states |= {unit: states | {CANCELED} for unit, states in began.states.items()}
    if began.one_failed and node.all_steps_must_complete:
        out.states[own].add(CANCELED)
        out.once.discard(own)
        out.maybe.add(own)
    return end


def follow(node: Node, course: tuple[str, ...], fails: bool) -> tuple[str, int]:
    """How a unit of the node ends, called as often as it must be, and how many of its calls take effect."""
    last = TOLD_TO_FAIL if fails else OK
    effects = counted = clashes = 0
    for word in (*course, *[last] * (node.retries + MOST_CLASHES + 1)):
        effects += word in (OK, NO, DEFER)
        if word in (OK, NO):
            return (FINISHED if word == OK else FAILED), effects
        if word in CLASHES and clashes < MOST_CLASHES:
            clashes += 1
        elif word == DIES and node.on_interrupt == "fail":
            return FAILED, effects
        elif word not in (DIES, DEFER):
            if counted == node.retries or not _is_worth_retrying(node, word):
                return (TIMED_OUT if word == LATE else FAILED), effects
            counted += 1
    raise ValueError(f"{node.name} is called for ever")


def _is_worth_retrying(node: Node, word: str) -> bool:
    if word == LATE:
        return True
    if node.retry_on is None:
        return not word.startswith("42")
    return word in node.retry_on or word[:2] in node.retry_on


def _resolve_steps(graph: Graph, node: Node, steps: Iterable[Step], out: Outcome) -> str:
    """The final state of a node whose own routine has succeeded, by its steps."""
    units: dict[Unit, Step] = {(node.name, step.key): step for step in steps}
    ends = {unit: follow(node, graph.courses.get(unit, ()), step.fails) for unit, step in units.items()}
    failing = {unit for unit, (end, _) in ends.items() if end != FINISHED}
    stops = bool(failing) and node.all_steps_must_complete
    for unit, (end, effects) in ends.items():
        out.states[unit] = {end, CANCELED} if stops else {end}
        if effects:
            (out.maybe if stops else out.once).add(unit)
            out.times[unit] = effects
    if failing:
        out.one_failed.append(failing)
    return FAILED if stops else FINISHED
