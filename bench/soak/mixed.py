"""Half an hour of mixed load, with a callback that holds a transaction open all the time."""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from psycopg import sql

from bench.results import Requirement, Result, answer, cost, rate
from bench.scene import Scene, node
from bench.soak.load import Load
from bench.soak.sizes import Sizes, look

LOCK = 4712
"""The advisory lock that the callback waits for which holds a transaction open."""
FAR = "far"
"""The other database that does work."""
WINDOW = 5
"""Minutes at the beginning and at the end whose throughputs are compared."""
PATIENCE = 300.0
"""Most seconds for the runs to end when nothing new is started."""
WAL_OF_A_CALL = 8000.0
"""Most bytes of WAL that a callback may cost, here where many fail, are put off or are one of a short run."""
OPEN_WORK = (
    "async.batch", "async.doom", "async.early_finish", "async.requeue", "async.delayed", "async.yielded",
    "async.undelivered", "async.doomed_lane", "flow.chunk", "flow.open_run",
)  # fmt: skip
"""Tables that hold what is open, and are empty when nothing is."""


@dataclass(frozen=True)
class Minute:
    """What a minute was like."""

    speed: float
    """Callbacks a second."""
    wal: float
    """Bytes of WAL a callback."""
    now: Sizes
    """At its end."""

    def __str__(self) -> str:
        return (
            f"{self.speed:8,.0f} calls/s {self.wal:8,.0f} B of WAL/call {self.now.memory:6.1f} MiB "
            f"{self.now.tables / 2**20:8,.1f} MiB of tables {self.now.dead:10,} dead rows"
        )


def mixed(scene: Scene, minutes: float, say: Callable[[str], None]) -> list[Result]:
    """Keep flows of different shapes going for so many minutes; say a line a minute, return the results."""
    _prepare(scene, minutes)
    with scene.server.connect(FAR) as far:
        load = Load(scene, far)
        load.configure()
        parts = max(2, round(minutes))
        with _transaction_held(scene):
            load.keep_going(5)
            sizes = [look(scene, load.calls())]
            found: list[Minute] = []
            for number in range(parts):
                load.keep_going(60 * minutes / parts)
                sizes.append(look(scene, load.calls()))
                found = [_minute(*pair) for pair in pairwise(sizes)]
                say(f"{number + 1:3d} of {parts}: {found[-1]}")
            load.wind_up(PATIENCE)
        left = _left_over(scene)
    for line in [*load.wrong[:20], *left]:
        say(line)
    say(f"runs ended: {json.dumps(dict(sorted(load.ended.items())))}")
    return _results(minutes, found, not load.wrong, not left)


def _results(minutes: float, found: Sequence[Minute], right: bool, consistent: bool) -> list[Result]:
    window = min(WINDOW, max(1, len(found) // 2))
    first, last = found[:window], found[-window:]
    what = f"mixed load for {minutes:g} min, a transaction held open"
    return [
        answer("mixed", f"{what}: each task once, all runs as they must end", [right], Requirement(1, 1)),
        answer("mixed", f"{what}: nothing left over, counters agree", [consistent], Requirement(1, 1)),
        rate(
            "mixed",
            f"{what}: callbacks in the last {window} of {len(found)} parts",
            "calls/s",
            [_mean(last)],
            [_mean(first)],
            f"in the first {window}",
            Requirement(0.8, 1.0, "ratio"),
        ),
        cost(
            "mixed",
            f"{what}: memory of the orchestrator at the end",
            "MiB",
            [found[-1].now.memory],
            [found[0].now.memory],
            "after the first part",
            Requirement(1.1, 1.0, "ratio"),
        ),
        cost(
            "mixed",
            f"{what}: WAL",
            "B/call",
            [max(minute.wal for minute in found)],
            requirement=Requirement(WAL_OF_A_CALL, WAL_OF_A_CALL / 2),
        ),
        cost("mixed", f"{what}: tables at the end", "MiB", [found[-1].now.tables / 2**20]),
    ]


def _mean(minutes: Sequence[Minute]) -> float:
    return sum(minute.speed for minute in minutes) / len(minutes)


def _minute(before: Sizes, after: Sizes) -> Minute:
    calls = max(1, after.calls - before.calls)
    return Minute(calls / (after.at - before.at), (after.wal - before.wal) / calls, after)


def _prepare(scene: Scene, minutes: float) -> None:
    """Make callbacks and targets, and have history removed all the while."""
    callbacks = Path(__file__).with_name("soak.sql").read_bytes()
    with scene.server.connect() as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(FAR)))
    with scene.server.connect(FAR) as session:
        session.execute("CREATE EXTENSION pgflow CASCADE")
        session.execute(callbacks)
    scene.session.execute(callbacks)
    targets = [
        {"target": FAR, "connection_string": scene.server.conninfo(FAR), "max_concurrency": 8},
        {
            "target": "answers",
            "connection_string": scene.server.conninfo(scene.database),
            "max_concurrency": 4,
            "asynchronous_finish": True,
        },
    ]
    control = {"task_keep_duration": f"{max(10.0, 6 * minutes):g} s", "light_maintenance_sleep": "5 s"}
    configuration = json.dumps({"targets": targets, "control": control})
    scene.session.execute("SELECT async.configure(%s)", [configuration])


@contextlib.contextmanager
def _transaction_held(scene: Scene) -> Iterator[None]:
    """Have a callback hold a transaction with an id and a snapshot open while the context lasts."""
    scene.configure("hold", [node("hold", routine="soak.hold")])
    with scene.server.connect(scene.database) as keeper:
        keeper.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        flow_id, _ = scene.start("hold", {"lock": LOCK})
        yield
    scene.wait(flow_id)


def _left_over(scene: Scene) -> list[str]:
    """Return what there is although nothing is open, and what the engine's own check finds."""
    counts = [(table, scene.one(f"SELECT count(*) FROM {table}")) for table in OPEN_WORK]
    found = [f"{number} rows are left in {table}" for table, number in counts if number]
    for check in ("async.check_consistency", "flow.check_consistency"):
        if scene.one("SELECT to_regproc(%s) IS NOT NULL", check):
            found += [str(row) for row in scene.session.execute(f"SELECT * FROM {check}()").fetchall()]
    return found
