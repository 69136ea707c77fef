"""The flows of the mixed load: their shapes, how many runs of each are open at once, how they must end."""

from dataclasses import dataclass, field
from typing import Any

from bench.scene import Nodes

WORK = "soak.work"


@dataclass(frozen=True)
class Shape:
    """A flow of the mixed load."""

    name: str
    nodes: Nodes
    at_once: int
    """Runs of it that are open at any time."""
    ends: tuple[str, ...] = ("FINISHED",)
    """States in which its runs may end."""
    arguments: dict[str, Any] = field(default_factory=dict)
    cancel_after: float | None = None
    """Seconds after which a run is canceled."""


def _node(name: str, *parents: str, target: str = "self", **more: Any) -> dict[str, Any]:
    usual = {"node": name, "target": target, "routine": WORK}
    return usual | {"dependencies": [{"parent": parent} for parent in parents]} | more


def _steps(count: int, told: str = "") -> list[dict[str, Any]]:
    return [{"n": n} | ({"do": told} if told else {}) for n in range(1, count + 1)]


def _chain(length: int) -> Nodes:
    """Nodes one after the other, by turns here and on the other target."""
    return [
        _node(f"n{n}", *([f"n{n - 1}"] if n else []), target="far" if n % 2 else "self")
        for n in range(length)
    ]


def _mesh(layers: int, width: int) -> Nodes:
    """Layers of nodes, each below all of the layer above; every third node is empty."""
    made: Nodes = []
    for layer in range(layers):
        above = [f"n{layer - 1}_{n}" for n in range(width)] if layer else []
        for n in range(width):
            one = _node(f"n{layer}_{n}", *above)
            if n % 3 == 2:
                del one["routine"]
                one["empty"] = True
            made.append(one)
    return made


def _faulty() -> list[dict[str, Any]]:
    """Return steps of which some fail, and some every other time."""
    told = dict.fromkeys((7, 31), "fail") | dict.fromkeys(range(10, 25), "stumble")
    return [{"n": n, "do": told.get(n, "")} for n in range(1, 61)]


RETRIED: dict[str, Any] = {"retries": 6, "retry_delay": "10 ms", "retry_backoff": 1}

SHAPES = [
    Shape(
        "fan",
        [_node("a", routine="soak.push", step_routine=WORK), _node("b", "a")],
        3,
        arguments={"steps": 500},
    ),
    Shape(
        "wide",
        [_node("a", routine="soak.push", step_routine=WORK, target="far")],
        2,
        arguments={"steps": 200},
    ),
    Shape("chain", _chain(12), 2),
    Shape("mesh", _mesh(5, 12), 1),
    Shape(
        "faulty",
        [_node("a", steps=_faulty(), all_steps_must_complete=False, **RETRIED), _node("b", "a")],
        2,
    ),
    Shape("strict", [_node("a", steps=_faulty()), _node("b", "a")], 1, ends=("FAILED",)),
    Shape("put_off", [_node("a", steps=_steps(40, "put off"))], 2),
    Shape("answered", [_node("a", target="answers", synchronous=True, steps=_steps(30, "answer"))], 1),
    Shape(
        "canceled",
        [_node("a", steps=_steps(400, "pause")), _node("b", "a")],
        1,
        ends=("CANCELED",),
        cancel_after=0.3,
    ),
]
