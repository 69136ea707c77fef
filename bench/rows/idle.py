"""What an orchestrator costs that has nothing to do."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.options import Options
from bench.results import Requirement, Result, cost
from bench.scene import WARM_UP, Scene

SECONDS = 60.0
SECONDS_WITHOUT = 20.0
"""How long the server is looked at without an orchestrator."""
QUIET = 65.0
"""Seconds without WAL that come first: an orchestrator tidies up within a minute of the last work."""
QUIET_WITHOUT = 20.0
"""The same without an orchestrator: a server writes some WAL up to 15 s after the last work."""
PATIENCE = 240.0
"""Most seconds to wait for that."""


@dataclass(frozen=True)
class Window:
    """What was used in a stretch of time."""

    cpu: float
    """Per cent of one core, of the database's sessions but the measurer's own."""
    own_cpu: float
    """Per cent of one core, of the measurer's session, which waits all the while."""
    wal: float
    """Bytes a second, of the whole server."""


def idle(scene: Scene, options: Options) -> list[Result]:
    """CPU and WAL of 60 s in which the orchestrator has nothing to do, and WAL without one."""
    with _without_autovacuum(scene):
        with scene.stopped():
            options.say("without an orchestrator")
            without = _window(scene, options, SECONDS_WITHOUT, QUIET_WITHOUT)
        options.say("with one")
        scene.speed(options.count(WARM_UP))  # it has all its sessions open, as in life
        found = _window(scene, options, SECONDS, QUIET)
    what = f"idle for {options.seconds(SECONDS):g} s"
    return [
        cost(
            "idle",
            f"{what}: CPU of one core",
            "%",
            [found.cpu],
            [found.own_cpu],
            "a session that waits",
            Requirement(1, 0.3),
        ),
        cost(
            "idle",
            f"{what}: WAL",
            "B/s",
            [found.wal],
            [without.wal],
            "without an orchestrator",
            Requirement(0, 0),
        ),
    ]


@contextlib.contextmanager
def _without_autovacuum(scene: Scene) -> Iterator[None]:
    """Switch autovacuum off for a while: it would tidy up after the other rows."""
    scene.session.execute("ALTER SYSTEM SET autovacuum = off")
    scene.session.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        scene.session.execute("ALTER SYSTEM RESET autovacuum")
        scene.session.execute("SELECT pg_reload_conf()")


def _window(scene: Scene, options: Options, seconds: float, quiet: float) -> Window:
    """Wait until the server is quiet, then look what a stretch of time costs."""
    own = scene.session.info.backend_pid
    scene.session.execute("CHECKPOINT")
    _wait_for_quiet(scene, options, quiet)
    log, began = _wal(scene), time.monotonic()
    used = _cpu_used(scene, options.seconds(seconds))
    wal, lasted = _wal(scene) - log, time.monotonic() - began
    own_cpu = used.pop(own)
    return Window(100 * sum(used.values()) / lasted, 100 * own_cpu / lasted, wal / lasted)


def _cpu_used(scene: Scene, seconds: float) -> dict[int, float]:
    """Return the processor seconds that each of the database's sessions uses in so many seconds."""
    before = {pid: cpu_seconds(pid) for pid in _sessions(scene)}
    after = dict(before)
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(1.0, left))
        for pid in before:
            with contextlib.suppress(OSError):  # it has ended; what it has used counts
                after[pid] = cpu_seconds(pid)
    for pid in set(_sessions(scene)) - before.keys():
        with contextlib.suppress(OSError):
            after[pid] = cpu_seconds(pid)
    return {pid: cpu - before.get(pid, 0.0) for pid, cpu in after.items()}


def cpu_seconds(pid: int) -> float:
    """Return the seconds that the process has spent on a processor, to 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for_quiet(scene: Scene, options: Options, seconds: float) -> None:
    """Return once no WAL was written for so many seconds, or after PATIENCE seconds."""
    log = _wal(scene)
    began = quiet_since = time.monotonic()
    while time.monotonic() < quiet_since + options.seconds(seconds):
        if time.monotonic() > began + options.seconds(PATIENCE):
            options.say("the server does not come to rest")
            return
        time.sleep(options.seconds(1.0))
        if (now := _wal(scene)) != log:
            log, quiet_since = now, time.monotonic()


def _sessions(scene: Scene) -> list[int]:
    rows = scene.session.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    ).fetchall()
    return [pid for (pid,) in rows]


def _wal(scene: Scene) -> int:
    """Return how many bytes of WAL the server has ever written."""
    return int(scene.one("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::BIGINT"))
