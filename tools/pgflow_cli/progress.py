"""How far a run is, and two ways to show it: bars that move on a terminal, plain lines elsewhere."""

import time
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from psycopg.rows import class_row
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LINE_EVERY = 1.0
"""Seconds between two plain lines about one run, at the least."""

ENDED = ("FINISHED", "FAILED", "CANCELED")
"""States of a run that has ended."""


@dataclass(frozen=True)
class RunProgress:
    """Where a run stands."""

    flow_id: int
    flow: str
    state: str
    nodes: int
    nodes_ended: int
    steps: int
    steps_ended: int
    error: str | None
    """The first error of the run."""

    @property
    def has_ended(self) -> bool:
        """Tell whether the run is over, however it ended."""
        return self.state in ENDED

    def __str__(self) -> str:
        steps = f", {self.steps_ended:,} of {self.steps:,} steps" if self.steps else ""
        return f"{self.flow}: {self.state}, {self.nodes_ended} of {self.nodes} nodes{steps}"


QUERY = """
SELECT s.flow_id, s.flow, s.state, s.first_error AS error,
  s.count_nodes::INT AS nodes,
  n.ended::INT AS nodes_ended,
  n.steps::INT AS steps,
  n.steps_ended::INT AS steps_ended
FROM flow.v_flow_status s
CROSS JOIN LATERAL
(
  SELECT
    count(*) FILTER (
      WHERE v.state NOT IN ('PENDING', 'READY', 'RUNNING', 'RUNNING_STEPS', 'YIELDED')) AS ended,
    coalesce(sum(v.steps), 0) AS steps,
    coalesce(sum(v.steps - v.steps_pending - v.steps_running), 0) AS steps_ended
  FROM flow.v_flow_node_status v
  WHERE v.flow_id = s.flow_id
) n
WHERE s.flow_id = %s
"""


def read(session: psycopg.Connection[Any], flow_id: int) -> RunProgress:
    """Ask the status views where the run stands; LookupError if there is no such run."""
    with session.cursor(row_factory=class_row(RunProgress)) as cursor:
        found = cursor.execute(QUERY, [flow_id]).fetchone()
    if found is None:
        raise LookupError(f"there is no run {flow_id}")
    return found


class Display(Protocol):
    """Shows runs while they go on."""

    def show(self, progress: RunProgress) -> None:
        """Show where a run stands now."""
        ...

    def __enter__(self) -> "Display": ...

    def __exit__(self, *_: object) -> None: ...


class Lines:
    """A line a run when something has changed, not more often than LINE_EVERY, and one at its end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: RunProgress | None = None
        self._printed = 0.0

    def show(self, progress: RunProgress) -> None:
        """Print a line about the run if one is due."""
        due = progress.has_ended or time.monotonic() - self._printed >= LINE_EVERY
        if progress != self._last and due:
            self._console.print(str(progress), highlight=False, markup=False, soft_wrap=True)
            self._last, self._printed = progress, time.monotonic()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Bars:
    """A bar a run, which counts nodes and steps."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[counts]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._bars: dict[int, TaskID] = {}

    def show(self, progress: RunProgress) -> None:
        """Draw the run's bar as it is now."""
        counts = f"{progress.nodes_ended}/{progress.nodes} nodes"
        if progress.steps:
            counts += f"  {progress.steps_ended:,}/{progress.steps:,} steps"
        colour = "red" if progress.state in ("FAILED", "CANCELED") else "default"
        if progress.flow_id not in self._bars:
            self._bars[progress.flow_id] = self._progress.add_task(progress.flow, counts="")
        self._progress.update(
            self._bars[progress.flow_id],
            description=f"[{colour}]{progress.flow}[/]",
            total=progress.nodes + progress.steps,
            completed=progress.nodes_ended + progress.steps_ended,
            counts=counts,
        )

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def display(console: Console) -> Display:
    """Return the way that suits where the console writes."""
    return Bars(console) if console.is_terminal else Lines(console)
