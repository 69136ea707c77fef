"""How soon a perfect dispatcher, which itself takes no time, would have run a graph."""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """A node of a workflow."""

    name: str
    seconds: float
    parents: tuple[str, ...]


def ways_to_the_end(tasks: list[Task]) -> dict[str, float]:
    """Return the seconds of the longest path that starts with each task; parents stand before children."""
    ways = {task.name: task.seconds for task in tasks}
    behind = dict.fromkeys(ways, 0.0)
    for task in reversed(tasks):
        ways[task.name] = task.seconds + behind[task.name]
        for parent in task.parents:
            behind[parent] = max(behind[parent], ways[task.name])
    return ways


def makespan(tasks: list[Task], workers: int) -> float:
    """Return the seconds for so many workers, each free one taking the ready task with the longest way to go.

    Ties go to the task that stands first; parents stand before their children.
    """
    ways = ways_to_the_end(tasks)
    numbers = {task.name: number for number, task in enumerate(tasks)}
    children: list[list[int]] = [[] for _ in tasks]
    unmet = [len(task.parents) for task in tasks]
    for number, task in enumerate(tasks):
        for parent in task.parents:
            children[numbers[parent]].append(number)
    ready = [(-ways[task.name], number) for number, task in enumerate(tasks) if not task.parents]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < workers:
            number = heapq.heappop(ready)[1]
            heapq.heappush(running, (now + tasks[number].seconds, number))
        now = running[0][0]
        while running and running[0][0] == now:
            for child in children[heapq.heappop(running)[1]]:
                unmet[child] -= 1
                if not unmet[child]:
                    heapq.heappush(ready, (-ways[tasks[child].name], child))
    return now
