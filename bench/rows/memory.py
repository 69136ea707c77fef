"""Memory of the orchestrator's session."""

import re
from pathlib import Path

from bench.filling import run_tasks
from bench.options import Options
from bench.results import Requirement, Result, cost
from bench.scene import Scene, another

FEW, MANY = 50_000, 500_000


def memory(scene: Scene, options: Options) -> list[Result]:
    """MiB of memory of its own that the orchestrator's session has after 500,000 tasks and after 50,000."""
    few, many = options.count(FEW), options.count(MANY)
    before, after = [], []
    for number in range(options.rounds):
        options.say(f"round {number + 1}")
        with another(scene, "memory", options) as fresh:
            run_tasks(fresh, few, options)
            before.append(own_memory(fresh.orchestrator.pid))
            run_tasks(fresh, many - few, options)
            after.append(own_memory(fresh.orchestrator.pid))
    what = f"memory of the orchestrator's session after {many:,} tasks"
    wanted = Requirement(1.1, 1.0, "ratio")
    return [cost("memory", what, "MiB", after, before, f"after {few:,}", wanted)]


def own_memory(pid: int) -> float:
    """Return the MiB of the process that are no file's and no shared memory's: Pss_Anon of the kernel."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss_Anon: +(\d+) kB", text, re.MULTILINE)
    if found is None:
        raise RuntimeError("this kernel does not tell Pss_Anon in /proc/PID/smaps_rollup (Linux 5.4 does)")
    return int(found.group(1)) / 1024
