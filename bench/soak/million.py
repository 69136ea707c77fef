"""A run of a million steps, to its end."""

from bench.options import Options
from bench.results import Requirement, Result, answer, cost, rate
from bench.scene import WARM_UP, Scene, node
from bench.soak.sizes import look

PATIENCE = 3600.0
"""Most seconds for the run."""
WAL_OF_A_STEP = 4000.0
"""Most bytes of WAL that a step may cost, whole pages after checkpoints included."""
BYTES_OF_A_STEP = 1500.0
"""Most bytes of tables that a step that is kept may take up."""


def million(scene: Scene, options: Options) -> list[Result]:
    """Run ``options.steps`` one-row steps in one run: each once, and what it costs."""
    scene.configure("steps", [node("work", routine="bench.push", step_routine="bench.write")])
    scene.speed(options.count(10 * WARM_UP))
    scene.rest()
    steps = options.steps
    options.say(f"a run of {steps:,} steps")
    before = look(scene, 0)
    flow_id, began = scene.start("steps", {"steps": steps})
    scene.wait(flow_id, PATIENCE)
    seconds = scene.seconds_until(began, flow_id, "work")
    after = look(scene, steps)
    found = scene.session.execute(
        "SELECT count(*), count(DISTINCT n) FROM bench.done WHERE flow_id = %s", [flow_id]
    ).fetchone()
    what = f"a run of {steps:,} steps"
    return [
        answer("million", f"{what}: each exactly once", [found == (steps, steps)], Requirement(1, 1)),
        cost("million", f"{what}: time", "s", [seconds]),
        rate("million", f"{what}: speed", "steps/s", [steps / seconds]),
        cost(
            "million",
            f"{what}: memory of the orchestrator after it",
            "MiB",
            [after.memory],
            [before.memory],
            "before it",
            Requirement(1.1, 1.0, "ratio"),
        ),
        cost(
            "million",
            f"{what}: WAL",
            "B/step",
            [(after.wal - before.wal) / steps],
            requirement=Requirement(WAL_OF_A_STEP, WAL_OF_A_STEP / 2),
        ),
        cost(
            "million",
            f"{what}: tables and indexes while it is kept",
            "B/step",
            [(after.tables - before.tables) / steps],
            requirement=Requirement(BYTES_OF_A_STEP, BYTES_OF_A_STEP / 2),
        ),
    ]
