"""A history of finished tasks, made by running them."""

from bench.options import Options
from bench.scene import Scene

RUN = 50_000
"""Most steps of one run."""


def run_tasks(scene: Scene, count: int, options: Options) -> None:
    """Run one-row steps until that many more are done, in runs of 50,000; each is checked to be done once."""
    done = 0
    while done < count:
        steps = min(options.count(RUN, least=5000), count - done)
        scene.speed(steps)
        done += steps
        options.say(f"{done:,} of {count:,} tasks")
