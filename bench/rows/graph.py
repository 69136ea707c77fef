"""A large graph: how long to configure, to start and to run."""

import random
import time
from typing import Any

from psycopg.types.json import Jsonb

from bench.options import Options
from bench.results import Requirement, Result, cost
from bench.scene import Nodes, Scene, node

NODES = 10_000
INSERT = "a plain INSERT of the same rows"


def graph(scene: Scene, options: Options) -> list[Result]:
    """Seconds to configure, start and run a graph of 10,000 nodes and 20,000 edges."""
    count = options.count(NODES, least=20)
    text = Jsonb({"nodes": random_graph(count, 2 * count)})
    _like_definitions(scene)
    configured, started, ran, plain, plain_nodes = [], [], [], [], []
    for number in range(options.rounds):
        plain.append(_seconds(scene, "SELECT bench.insert_graph(%s)", text))
        plain_nodes.append(_seconds(scene, "INSERT INTO bench.run_node SELECT no, name FROM bench.node"))
        configured.append(_seconds(scene, "SELECT flow.configure_flow(%s, %s)", f"graph_{number}", text))
        flow_id, began = scene.run(f"graph_{number}")
        started.append(scene.seconds_until(began, flow_id, "n0"))
        ran.append(scene.seconds_until(began, flow_id, "last"))
    kind = f"{count:,} nodes, {2 * count:,} edges"
    return [
        cost("graph", f"{kind}: configure", "s", configured, plain, INSERT, Requirement(2, 1)),
        cost("graph", f"{kind}: first callback", "s", started, plain_nodes, INSERT, Requirement(1, 0.5)),
        cost("graph", f"{kind}: run to the end, nodes empty", "s", ran),
    ]


def random_graph(count: int, edges: int) -> Nodes:
    """Return a graph with a single root and two parents for most nodes, the same one each time.

    The last node depends on as many others as edges are left over, and writes a row at the end.
    """
    draw = random.Random(7)
    parents: list[set[int]] = [set() for _ in range(count)]
    left = edges
    for child in range(1, count - 1):
        parents[child] = set(draw.sample(range(child), min(child, 2)))
        left -= len(parents[child])
    parents[count - 1] = set(draw.sample(range(count - 1), left))
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
