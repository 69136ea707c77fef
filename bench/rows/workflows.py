"""Real workflows: how much longer they take than a perfect dispatcher would."""

import json
from dataclasses import replace
from pathlib import Path

from pgflow_build.servers import REPOSITORY

from bench.options import Options
from bench.results import Requirement, Result, cost
from bench.scene import SLOTS, Scene, node
from bench.simulator import Task, makespan, ways_to_the_end

SECONDS = 30.0
"""What a perfect dispatcher takes once the runtimes are scaled."""
FOLDERS = (REPOSITORY.parent / "shared" / "workflows", REPOSITORY / "examples" / "workflows")
GRAPHS = (("mimic_iv_concepts", "mimic_iv_concepts"), ("wf_seismology_1001", "dbt_tuva_run"))
"""Each a file, and one of examples/workflows for where the first, which its licence keeps out, is absent."""
CLASSES = 10
"""Priorities that nodes get in the run that tells the engine what the simulator knows."""
LIMIT = f"the simulator, {SLOTS} workers"


def workflows(scene: Scene, options: Options) -> list[Result]:
    """Seconds from the call of run_flow to the end of the last callback, over those of the simulator."""
    results = []
    for wanted, stand_in in GRAPHS:
        name = wanted if _file(wanted) else stand_in
        results.append(
            _as_written(scene, options, name, "" if name == wanted else f"; {wanted} is not at hand")
        )
    return [*results, _by_priority(scene, replace(options, rounds=1), name)]


def load(name: str) -> list[Task]:
    """Read a workflow; FileNotFoundError where there is none."""
    path = _file(name)
    if path is None:
        raise FileNotFoundError(f"{name}.json is in none of {', '.join(map(str, FOLDERS))}")
    nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
    return [Task(one["node"], float(one["runtime"]), tuple(one["parents"])) for one in nodes]


def scaled(tasks: list[Task], seconds: float) -> list[Task]:
    """Return the tasks with runtimes such that the simulator takes that long."""
    factor = seconds / makespan(tasks, SLOTS)
    return [replace(task, seconds=factor * task.seconds) for task in tasks]


def priorities(tasks: list[Task]) -> dict[str, int]:
    """Return a number for each task, less (sooner) the longer its way to the end."""
    ways = ways_to_the_end(tasks)
    longest = max(ways.values())
    return {name: int(CLASSES * (1 - way / longest)) for name, way in ways.items()}


def _file(name: str) -> Path | None:
    return next((path for folder in FOLDERS if (path := folder / f"{name}.json").exists()), None)


def _configure(scene: Scene, flow: str, tasks: list[Task], priority: dict[str, int]) -> None:
    """Configure the graph; each node's callback sleeps for its runtime."""
    made = [
        node(task.name, *task.parents, routine="bench.work", priority=priority.get(task.name, 0))
        for task in tasks
    ]
    scene.configure(flow, made)
    scene.session.execute("DELETE FROM bench.runtime WHERE flow = %s", [flow])
    with scene.session.cursor() as cursor:
        rows = [(flow, task.name, task.seconds) for task in tasks]
        cursor.executemany("INSERT INTO bench.runtime VALUES (%s, %s, %s)", rows)


def _as_written(scene: Scene, options: Options, name: str, remark: str) -> Result:
    """Measure the workflow as it is: what is ready first runs first."""
    tasks = scaled(load(name), options.seconds(SECONDS))
    _configure(scene, name, tasks, {})
    what = f"{name} ({len(tasks):,} nodes): makespan{remark}"
    return _measure(scene, options, name, tasks, what, Requirement(1.05, 1.02, "ratio"))


def _by_priority(scene: Scene, options: Options, name: str) -> Result:
    """Measure the workflow with priorities, which tell the engine what the simulator knows."""
    tasks = scaled(load(name), options.seconds(SECONDS))
    flow = f"{name}_by_priority"
    _configure(scene, flow, tasks, priorities(tasks))
    return _measure(
        scene, options, flow, tasks, "the last, once, with priority to the longest way to the end", None
    )


def _measure(
    scene: Scene, options: Options, flow: str, tasks: list[Task], what: str, wanted: Requirement | None
) -> Result:
    limit = makespan(tasks, SLOTS)
    times = []
    for number in range(options.rounds):
        options.say(f"{flow}, round {number + 1}")
        flow_id, began = scene.run(flow)
        _expect_nodes(scene, flow_id, len(tasks))
        last = scene.one("SELECT max(at) FROM bench.done WHERE flow_id = %s", flow_id)
        times.append((last - began).total_seconds())
    return cost("workflows", what, "s", times, [limit], LIMIT, wanted)


def _expect_nodes(scene: Scene, flow_id: int, wanted: int) -> None:
    """Refuse to measure a run that did not do each node once."""
    query = "SELECT count(*), count(DISTINCT node) FROM bench.done WHERE flow_id = %s"
    found = scene.session.execute(query, [flow_id]).fetchone()
    if found != (wanted, wanted):
        raise RuntimeError(f"{wanted} nodes left {found} rows, different nodes")
