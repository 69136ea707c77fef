"""Many short steps of one node."""

from bench.options import Options
from bench.results import Requirement, Result, rate
from bench.scene import PGBENCH, Scene


def steps(scene: Scene, options: Options) -> list[Result]:
    """One-row steps a second, from the call of run_flow to the last row, beside pgbench by turns."""
    rates, limits, pure = [], [], []
    for _ in range(options.rounds):
        limits.append(scene.pgbench(options.steps))
        rates.append(scene.speed(options.steps))
        span = scene.one("SELECT max(at) - min(at) FROM bench.done")
        pure.append(options.steps / span.total_seconds())
    wanted = Requirement(0.6, 1.0, "ratio")
    return [
        rate("steps", "one-row steps, pushed and run", "steps/s", rates, limits, PGBENCH, wanted),
        rate("steps", "the same, from the first row to the last", "steps/s", pure, limits, PGBENCH),
    ]
