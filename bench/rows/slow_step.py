"""How long a slow step keeps short ones waiting."""

from collections.abc import Sequence
from itertools import pairwise

from bench.options import Options
from bench.results import Requirement, Result, cost
from bench.scene import Scene, node

STEPS = 20_000
SLOW = 10.0
"""Seconds that the slow step takes; the others take 1 ms."""


def slow_step(scene: Scene, options: Options) -> list[Result]:
    """Seconds that one step of 10 s among 20,000 of 1 ms delays any other."""
    steps, seconds = options.count(STEPS), options.seconds(SLOW, least=0.5)
    scene.configure("pauses", [node("work", routine="bench.push", step_routine="bench.pause")])
    delays, usual = [], []
    for number in range(options.rounds):
        options.say(f"round {number + 1}")
        # In the midst, where batches are as large as they get; at another place of its batch each round.
        slow = steps // 2 + 3 * number
        without = longest_wait(_starts(scene, {"steps": steps}, slow))
        with_it = longest_wait(_starts(scene, {"steps": steps, "slow": slow, "seconds": seconds}, slow))
        usual.append(without)
        delays.append(max(0.0, with_it - without))
    what = f"one step of {seconds:g} s among {steps:,} of 1 ms: longest that it delays any other"
    return [
        cost("slow", what, "s", delays, requirement=Requirement(0.5, 0.1)),
        cost("slow", "longest that a step waits in its turn without it", "s", usual),
    ]


def longest_wait(starts: Sequence[float]) -> float:
    """Return the most seconds that a step was kept waiting.

    starts: when each step started, in the order in which they queued. A step is kept waiting from the moment
    that one which stands behind it is started, and while no step starts at all.
    """
    passed_over, next_behind = 0.0, float("inf")
    for start in reversed(starts):
        passed_over = max(passed_over, start - next_behind)
        next_behind = min(next_behind, start)
    standstill = max((after - before for before, after in pairwise(sorted(starts))), default=0.0)
    return max(passed_over, standstill)


def _starts(scene: Scene, arguments: dict[str, float], without: int) -> list[float]:
    """Run the steps; return when each but that one started, in the order in which they were pushed."""
    flow_id, _ = scene.run("pauses", arguments)
    scene.expect_steps(flow_id, int(arguments["steps"]))
    lasted = scene.one("SELECT ended - started FROM flow.v_flow_status WHERE flow_id = %s", flow_id)
    if lasted.total_seconds() < arguments.get("seconds", 0):
        raise RuntimeError("the step that was to be slow was not")
    rows = scene.session.execute(
        "SELECT extract(epoch FROM at)::FLOAT8 FROM bench.done WHERE flow_id = %s AND n <> %s ORDER BY n",
        [flow_id, without],
    ).fetchall()
    return [start for (start,) in rows]
