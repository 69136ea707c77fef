"""Mixed load: as many runs of each shape as it wants, each checked when it ends."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench.scene import Scene
from bench.soak.shapes import SHAPES, Shape

PAUSE = 0.05
"""Seconds between two looks at the open runs."""

# Which of the run's tasks have finished, by node and step; a task may have written a row wherever it ran.
_FINISHED = """
SELECT node, (step_arguments ->> 'n')::INT
FROM flow.v_flow_task
WHERE flow_id = %s AND finish_status = 'FINISHED'"""
_DONE = "SELECT node, n FROM soak.done WHERE flow_id = %s"


@dataclass
class Open:
    """A run that has not ended."""

    shape: Shape
    began: float
    canceled: bool = False


@dataclass
class Load:
    """Runs that come and go in a database; far: a session in the other one that does work."""

    scene: Scene
    far: psycopg.Connection[Any]
    open: dict[int, Open] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)
    """Runs that have ended, by shape."""
    wrong: list[str] = field(default_factory=list)
    """What is wrong with those that have ended."""

    def configure(self) -> None:
        """Configure a flow for each shape."""
        for shape in SHAPES:
            self.scene.configure(shape.name, shape.nodes)

    def keep_going(self, seconds: float) -> None:
        """Have so many runs of each shape open for so long: a new one for each that ends."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._top_up()
            self._look()
            self.scene.orchestrator.check()
            time.sleep(PAUSE)

    def wind_up(self, patience: float) -> None:
        """Wait until all runs have ended."""
        until = time.monotonic() + patience
        while self.open and time.monotonic() < until:
            self._look()
            self.scene.orchestrator.check()
            time.sleep(PAUSE)
        self.wrong += [
            f"run {flow_id} of {run.shape.name} has not ended" for flow_id, run in self.open.items()
        ]

    def calls(self) -> int:
        """Return how many callbacks have been called, those that failed included."""
        last = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM soak.done_id_seq"
        row = self.far.execute(last).fetchone()
        assert row is not None
        return int(self.scene.one(last)) + int(row[0])

    def _top_up(self) -> None:
        present = Counter(run.shape.name for run in self.open.values())
        for shape in SHAPES:
            for _ in range(shape.at_once - present[shape.name]):
                flow_id = self.scene.one("SELECT flow.run_flow(%s, %s)", shape.name, Jsonb(shape.arguments))
                self.open[flow_id] = Open(shape, time.monotonic())

    def _look(self) -> None:
        """Cancel what is to be canceled, check what has ended."""
        for flow_id, run in self.open.items():
            after = run.shape.cancel_after
            if after is not None and not run.canceled and time.monotonic() > run.began + after:
                run.canceled = True
                self._cancel(flow_id)
        states = self.scene.session.execute(
            "SELECT flow_id, state FROM flow.v_flow_status WHERE flow_id = ANY(%s) AND state <> 'RUNNING'",
            [list(self.open)],
        ).fetchall()
        for flow_id, state in states:
            self._check(flow_id, state, self.open.pop(flow_id).shape)

    def _cancel(self, flow_id: int) -> None:
        """Cancel a run, unless it has ended just now."""
        try:
            self.scene.session.execute("SELECT flow.cancel(%s)", [flow_id])
        except psycopg.Error as error:
            if error.sqlstate != "PF005":
                raise

    def _check(self, flow_id: int, state: str, shape: Shape) -> None:
        """Note what is wrong with a run: each task that finished has taken effect once, and no other has."""
        self.ended[shape.name] += 1
        if state not in shape.ends:
            self.wrong.append(f"run {flow_id} of {shape.name} ended {state}")
        done = Counter(self.scene.session.execute(_DONE, [flow_id]).fetchall())
        done.update(self.far.execute(_DONE, [flow_id]).fetchall())
        finished = set(self.scene.session.execute(_FINISHED, [flow_id]).fetchall())
        twice = [unit for unit, count in done.items() if count > 1]
        lost = finished - done.keys()
        surplus = done.keys() - finished
        for title, units in (("twice", twice), ("lost", lost), ("done and not told", surplus)):
            if units:
                self.wrong.append(f"run {flow_id} of {shape.name}: {title}: {sorted(units, key=str)[:5]}")
