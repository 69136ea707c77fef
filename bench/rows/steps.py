"""Many short steps of one node."""

from bench.options import Options
from bench.results import Requirement, Result, rate
from bench.scene import PGBENCH, Scene


def steps(scene: Scene, options: Options) -> list[Result]:
    """One-row steps a second, from the call of run_flow to the last row, beside pgbench by turns."""
    rates, limits, pure = _rounds(scene, options)
    scene.flush("batch")
    rates_by_batch, limits_by_batch, _ = _rounds(scene, options)
    scene.flush("task")
    wanted = Requirement(0.6, 1.0, "ratio")
    unit = "steps/s"
    return [
        rate("steps", "one-row steps, pushed and run", unit, rates, limits, PGBENCH, wanted),
        rate("steps", "the same, from the first row to the last", unit, pure, limits, PGBENCH),
        rate("steps", "the same as the first, flush = batch", unit, rates_by_batch, limits_by_batch, PGBENCH),
    ]


def _rounds(scene: Scene, options: Options) -> tuple[list[float], list[float], list[float]]:
    """Return steps a second, pgbench's transactions a second, and steps from the first row to the last."""
    rates, limits, pure = [], [], []
    for _ in range(options.rounds):
        limits.append(scene.pgbench(options.steps))
        rates.append(scene.speed(options.steps))
        span = scene.one("SELECT max(at) - min(at) FROM bench.done")
        pure.append(options.steps / span.total_seconds())
    return rates, limits, pure
