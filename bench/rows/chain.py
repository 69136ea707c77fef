"""Nodes one after the other."""

from bench.options import Options
from bench.results import Requirement, Result, cost
from bench.scene import CALL, LITERAL, Scene, node

LENGTH = 100
KINDS: dict[str, tuple[str | None, str]] = {
    "empty": (None, f"CALL bench.nothing({LITERAL})"),
    "one-row": ("bench.write", CALL),
}
"""By kind of node: its routine, and what is sent instead of it over dblink."""


def chain(scene: Scene, options: Options) -> list[Result]:
    """Milliseconds a hop in chains of 100 nodes, empty ones and such as write a row."""
    length = options.count(LENGTH, least=5)
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    limits: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for kind, (routine, _) in KINDS.items():
        _configure(scene, _flow(kind), length, routine)
    for _ in range(options.rounds):
        for kind, (_, query) in KINDS.items():
            limits[kind].append(1000 * scene.round_trip(query, length))
            times[kind].append(_milliseconds_a_hop(scene, _flow(kind), length))
    return [
        cost(
            "chain",
            f"hop in a chain of {length} {kind} nodes",
            "ms",
            times[kind],
            limits[kind],
            "synchronous dblink round trip",
            Requirement(2, 1) if kind == "empty" else None,
        )
        for kind in KINDS
    ]


def _flow(kind: str) -> str:
    return f"chain_{kind.replace('-', '_')}"


def _configure(scene: Scene, flow: str, length: int, routine: str | None) -> None:
    """Configure that many nodes in a chain, between a first and a last one that write a row."""
    names = [f"n{i}" for i in range(length)]
    links = zip(["first", *names], names, strict=False)
    middle = [node(name, parent, routine=routine) for parent, name in links]
    ends = [node("first", routine="bench.write"), node("last", names[-1], routine="bench.write")]
    scene.configure(flow, [ends[0], *middle, ends[1]])


def _milliseconds_a_hop(scene: Scene, flow: str, length: int) -> float:
    flow_id, _ = scene.run(flow)
    first = scene.one("SELECT at FROM bench.done WHERE flow_id = %s AND node = 'first'", flow_id)
    return 1000 * scene.seconds_until(first, flow_id, "last") / (length + 1)
