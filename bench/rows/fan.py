"""Many nodes into one."""

from bench.options import Options
from bench.results import Requirement, Result, rate
from bench.scene import PGBENCH, Scene, node

WIDTH = 1000


def fan(scene: Scene, options: Options) -> list[Result]:
    """Nodes a second for 1,000 nodes into one, from the call of run_flow to the last one's row."""
    width = options.count(WIDTH, least=20)
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
    wanted = Requirement(5000, 10_000)
    empty, one_row = rates.values()
    return [
        rate("fan", f"{width:,} empty nodes into one", "nodes/s", empty, requirement=wanted),
        rate("fan", f"{width:,} one-row nodes into one", "nodes/s", one_row, limits, PGBENCH, wanted),
    ]
