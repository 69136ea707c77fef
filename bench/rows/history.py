"""Speed with a long history of finished tasks."""

from bench.filling import run_tasks
from bench.options import Options
from bench.results import Requirement, Result, rate
from bench.scene import WARM_UP, Scene, another, warm_up

TASKS = 1_000_000


def history(scene: Scene, options: Options) -> list[Result]:
    """One-row steps a second in a database that keeps 1,000,000 finished tasks, and by turns in a new one."""
    tasks = options.count(TASKS)
    kept, empty = [], []
    with another(scene, "history", options) as full:
        run_tasks(full, tasks, options)
        full.session.execute("VACUUM ANALYZE")
        for number in range(options.rounds):
            options.say(f"round {number + 1}")
            warm_up(full, options.count(WARM_UP))
            kept.append(full.speed(options.steps))
            with another(scene, "no_history", options) as new:
                empty.append(new.speed(options.steps))
        found = full.one("SELECT count(*) FROM async.result")
        if found < tasks:
            raise RuntimeError(f"of {tasks:,} finished tasks {found:,} were kept")
    what = f"one-row steps with {tasks:,} finished tasks kept"
    wanted = Requirement(0.9, 1.0, "ratio")
    return [rate("history", what, "steps/s", kept, empty, "the same with an empty history", wanted)]
