"""How soon a flow starts on a server that has been idle."""

import time

from bench.options import Options
from bench.results import Requirement, Result, cost
from bench.scene import CALL, Scene, node

LIMIT = "the CALL from a session at hand"


def latency(scene: Scene, options: Options) -> list[Result]:
    """Milliseconds from the return of run_flow to the start of the callback, the server having been idle."""
    scene.configure("one", [node("one", routine="bench.write")])
    times, limits = [], []
    for _ in range(options.rounds):
        times.append(_milliseconds(scene, options.idle))
        limits.append(_milliseconds_of_call(scene, options.idle))
    what = f"start of the first callback after {options.idle:g} s of idleness"
    found = [cost("latency", what, "ms", times, limits, LIMIT, Requirement(20, 5))]
    if options.long:
        options.say(f"waiting for {options.long:g} minutes")
        late = [_milliseconds(scene, 60 * options.long)]
        what = f"start of the first callback after {options.long:g} min of idleness"
        found.append(cost("latency", what, "ms", late, limits, LIMIT, Requirement(100, 20)))
    return found


def _milliseconds(scene: Scene, idle: float) -> float:
    scene.rest()
    time.sleep(idle)
    flow_id, _ = scene.start("one")
    returned = time.time()
    time.sleep(0.5)
    scene.wait(flow_id)
    at = scene.one("SELECT extract(epoch FROM at)::FLOAT8 FROM bench.done WHERE flow_id = %s", flow_id)
    return float(1000 * (at - returned))


def _milliseconds_of_call(scene: Scene, idle: float) -> float:
    time.sleep(min(1.0, idle))
    began = time.perf_counter()
    scene.session.execute(CALL)
    return 1000 * (time.perf_counter() - began)
