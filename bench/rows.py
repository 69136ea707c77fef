"""The rows of the table: one function each, which measures and returns its results."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from psycopg.types.json import Jsonb

from bench.results import Requirement, Result
from bench.scene import CALL, LITERAL, SLOTS, Nodes, Scene, node


@dataclass(frozen=True)
class Options:
    """How much to measure."""

    rounds: int = 5
    steps: int = 20_000
    """Steps of a round."""
    idle: float = 5.0
    """Seconds of idleness before a start is timed."""


Row = Callable[[Scene, Options], list[Result]]
PGBENCH = f"pgbench -c {SLOTS}, same CALL"


def steps(scene: Scene, options: Options) -> list[Result]:
    """One-row steps a second, from the call of run_flow to the last row, beside pgbench by turns."""
    scene.configure("steps", [node("work", routine="bench.push", step_routine="bench.write")])
    rates, limits, pure = [], [], []
    for _ in range(options.rounds):
        limits.append(scene.pgbench(options.steps))
        flow_id, began = scene.run("steps", {"steps": options.steps})
        _expect_rows(scene, flow_id, options.steps)
        rates.append(options.steps / scene.seconds_until(began, flow_id, "work"))
        span = scene.one("SELECT max(at) - min(at) FROM bench.done WHERE flow_id = %s", flow_id)
        pure.append(options.steps / span.total_seconds())
    return [
        _rate(
            "steps", "one-row steps, pushed and run", "steps/s", rates, limits, Requirement(0.3, 0.6, "ratio")
        ),
        _rate("steps", "the same, from the first row to the last", "steps/s", pure, limits, None),
    ]


def chain(scene: Scene, options: Options) -> list[Result]:
    """Milliseconds a hop in chains of 100 nodes, empty ones and such as write a row."""
    length = 100
    kinds: dict[str, tuple[str | None, str]] = {
        "empty": (None, f"CALL bench.nothing({LITERAL})"),
        "one-row": ("bench.write", CALL),
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    limits: dict[str, list[float]] = {kind: [] for kind in kinds}
    for kind, (routine, _) in kinds.items():
        names = [f"n{i}" for i in range(length)]
        links = zip(["first", *names], names, strict=False)
        middle = [node(name, parent, routine=routine) for parent, name in links]
        ends = [
            node("first", routine="bench.write"),
            *middle,
            node("last", names[-1], routine="bench.write"),
        ]
        scene.configure(f"chain_{kind.replace('-', '_')}", ends)
    for _ in range(options.rounds):
        for kind, (_, query) in kinds.items():
            limits[kind].append(1000 * scene.round_trip(query, length))
            flow_id, _ = scene.run(f"chain_{kind.replace('-', '_')}")
            first = scene.one("SELECT at FROM bench.done WHERE flow_id = %s AND node = 'first'", flow_id)
            times[kind].append(1000 * scene.seconds_until(first, flow_id, "last") / (length + 1))
    return [
        _time(
            "chain",
            f"hop in a chain of {length} {kind} nodes",
            "ms",
            times[kind],
            limits[kind],
            "synchronous dblink round trip",
            Requirement(3, 2),
        )
        for kind in kinds
    ]


def fan(scene: Scene, options: Options) -> list[Result]:
    """Nodes a second for 1,000 nodes into one, from the call of run_flow to the last one's row."""
    width = 1000
    names = [f"n{i}" for i in range(width)]
    last = node("last", *names, routine="bench.write")
    scene.configure("fan_empty", [*(node(name) for name in names), last])
    scene.configure("fan_one_row", [*(node(name, routine="bench.write") for name in names), last])
    rates: dict[str, list[float]] = {"fan_empty": [], "fan_one_row": []}
    limits = []
    for _ in range(options.rounds):
        limits.append(scene.pgbench(5 * width))
        for flow, found in rates.items():
            flow_id, began = scene.run(flow)
            found.append(width / scene.seconds_until(began, flow_id, "last"))
    wanted = Requirement(2000, 5000)
    return [
        _rate("fan", f"{width:,} empty nodes into one", "nodes/s", rates["fan_empty"], None, wanted),
        _rate("fan", f"{width:,} one-row nodes into one", "nodes/s", rates["fan_one_row"], limits, wanted),
    ]


def latency(scene: Scene, options: Options) -> list[Result]:
    """Milliseconds from the return of run_flow to the start of the callback, the server having been idle."""
    scene.configure("one", [node("one", routine="bench.write")])
    times, limits = [], []
    for _ in range(options.rounds):
        scene.rest()
        time.sleep(options.idle)
        flow_id, _ = scene.start("one")
        returned = time.time()
        time.sleep(0.5)
        scene.wait(flow_id)
        at = scene.one("SELECT extract(epoch FROM at)::FLOAT8 FROM bench.done WHERE flow_id = %s", flow_id)
        times.append(1000 * (at - returned))
        time.sleep(min(1.0, options.idle))
        began = time.perf_counter()
        scene.session.execute(CALL)
        limits.append(1000 * (time.perf_counter() - began))
    what = f"start of the first callback after {options.idle:g} s of idleness"
    return [
        _time("latency", what, "ms", times, limits, "the CALL from a session at hand", Requirement(50, 20))
    ]


def graph(scene: Scene, options: Options) -> list[Result]:
    """Seconds to configure, start and run a graph of 10,000 nodes and 20,000 edges."""
    nodes = _random_graph(10_000, 20_000)
    text = Jsonb({"nodes": nodes})
    _like_definitions(scene)
    configured, started, ran, plain, plain_nodes = [], [], [], [], []
    for number in range(min(3, options.rounds)):
        plain.append(_seconds(scene, "SELECT bench.insert_graph(%s)", text))
        plain_nodes.append(_seconds(scene, "INSERT INTO bench.run_node SELECT no, name FROM bench.node"))
        configured.append(_seconds(scene, "SELECT flow.configure_flow(%s, %s)", f"graph_{number}", text))
        flow_id, began = scene.run(f"graph_{number}")
        started.append(scene.seconds_until(began, flow_id, "n0"))
        ran.append(scene.seconds_until(began, flow_id, "last"))
    kind = "10,000 nodes, 20,000 edges"
    insert = "a plain INSERT of the same rows"
    return [
        _time("graph", f"{kind}: configure", "s", configured, plain, insert, Requirement(2, 2)),
        _time("graph", f"{kind}: first callback", "s", started, plain_nodes, insert, Requirement(1, 1)),
        _time("graph", f"{kind}: run to the end, nodes empty", "s", ran, None, "", None),
    ]


ROWS: dict[str, Row] = {"steps": steps, "chain": chain, "fan": fan, "latency": latency, "graph": graph}


def _random_graph(count: int, edges: int) -> Nodes:
    """Return a graph with a single root and two parents for most nodes, the same one each time.

    One more node, which depends on the leaf with the greatest number, writes a row at the end.
    """
    draw = random.Random(7)
    parents: list[set[int]] = [set() for _ in range(count)]
    left = edges - 1
    for child in range(1, count - 1):
        parents[child] = set(draw.sample(range(child), min(child, 2)))
        left -= len(parents[child])
    parents[count - 1] = set(draw.sample(range(count - 1), left + 1))
    nodes = [node(f"n{i}", *(f"n{p}" for p in sorted(above))) for i, above in enumerate(parents[:-1])]
    nodes[0] = node("n0", routine="bench.write")
    return [*nodes, node("last", *(f"n{p}" for p in sorted(parents[-1])), routine="bench.write")]


def _like_definitions(scene: Scene) -> None:
    """Make tables that hold a graph in the plainest way."""
    scene.session.execute("""
        CREATE TABLE IF NOT EXISTS bench.node(no BIGINT PRIMARY KEY, name TEXT UNIQUE);
        CREATE TABLE IF NOT EXISTS bench.edge(child INT, parent INT, PRIMARY KEY (child, parent));
        CREATE TABLE IF NOT EXISTS bench.run_node(no BIGINT, name TEXT, PRIMARY KEY (no));
        CREATE OR REPLACE FUNCTION bench.insert_graph(_graph JSONB) RETURNS VOID LANGUAGE sql AS $$
          INSERT INTO bench.node SELECT n.no, n.node ->> 'node'
          FROM jsonb_array_elements(_graph -> 'nodes') WITH ORDINALITY n(node, no);
          INSERT INTO bench.edge SELECT c.no, p.no
          FROM jsonb_array_elements(_graph -> 'nodes') WITH ORDINALITY c(node, no)
          CROSS JOIN jsonb_array_elements(c.node -> 'dependencies') d
          JOIN bench.node p ON p.name = d ->> 'parent';
        $$""")


def _seconds(scene: Scene, query: str, *params: Any) -> float:
    """Return how long one statement and its commit take; the plain tables are emptied before."""
    if "insert_graph" in query:
        scene.session.execute("TRUNCATE bench.node, bench.edge, bench.run_node")
    scene.session.execute("CHECKPOINT")
    began = time.perf_counter()
    scene.session.execute(query.encode(), params)
    return time.perf_counter() - began


def _expect_rows(scene: Scene, flow_id: int, wanted: int) -> None:
    """Refuse to measure what was not done exactly once."""
    found = scene.session.execute(
        "SELECT count(*), count(DISTINCT n) FROM bench.done WHERE flow_id = %s", [flow_id]
    ).fetchone()
    if found != (wanted, wanted):
        raise RuntimeError(f"{wanted} steps left {found} rows, different rows")


def _rate(
    row: str,
    what: str,
    unit: str,
    rates: list[float],
    limits: list[float] | None,
    requirement: Requirement | None,
) -> Result:
    ratio = median(rate / limit for rate, limit in zip(rates, limits, strict=True)) if limits else None
    limit = median(limits) if limits else None
    return Result(
        row,
        what,
        median(rates),
        unit,
        False,
        limit,
        PGBENCH if limits else "",
        ratio,
        requirement,
        len(rates),
    )


def _time(
    row: str,
    what: str,
    unit: str,
    times: list[float],
    limits: list[float] | None,
    limit_is: str,
    requirement: Requirement | None,
) -> Result:
    ratio = median(limit / time for time, limit in zip(times, limits, strict=True)) if limits else None
    limit = median(limits) if limits else None
    return Result(row, what, median(times), unit, True, limit, limit_is, ratio, requirement, len(times))
