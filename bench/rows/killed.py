"""What becomes of a run when its orchestrator, or its whole server, is killed in the midst of it."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from pgflow_build.servers import Server
from pgflow_cli import CommandError

from bench.options import Options
from bench.results import Requirement, Result, answer, cost
from bench.scene import DATABASE, DURABLE, Scene, at_work, node, populate, warm_up

STEPS = 20_000
TIMEOUT = 60.0
"""Seconds that the server has to come back."""

Kill = Callable[[Server, int], None]
"""Ends a server's orchestrator, whose process id is given, or more."""


@dataclass(frozen=True)
class Round:
    """What one kill led to; times in seconds since it."""

    back: float
    """The server takes connections again."""
    going_on: float
    """The first callback after it."""
    well: bool
    """The run has ended well, and each step was done once."""


def killed(scene: Scene, options: Options) -> list[Result]:
    """Whether a run ends well, each step once, after a kill -9 in its midst; seconds until it goes on."""
    kinds: dict[str, tuple[Kill, Requirement]] = {
        "orchestrator": (_kill_orchestrator, Requirement(1, None)),
        "server": (_kill_server, Requirement(None, 1)),
    }
    results = []
    with Server(scene.server.major, settings=DURABLE) as server:
        server.install()
        populate(server, DATABASE)
        with at_work(server, DATABASE) as where:
            warm_up(where)
            where.configure("pauses", [node("work", routine="bench.push", step_routine="bench.pause")])
        for kind, (kill, wanted) in kinds.items():
            rounds = [
                _round(server, kill, (n + 1) / (options.rounds + 1), options) for n in range(options.rounds)
            ]
            ended = f"{kind} killed -9 in mid-run: ends well, each step once"
            results.append(answer("killed", ended, [one.well for one in rounds], wanted))
            results.append(_time_until_going_on(rounds))
    return results


def _time_until_going_on(rounds: list[Round]) -> Result:
    times, limits = [one.going_on for one in rounds], [one.back for one in rounds]
    return cost(
        "killed", "the same: until it goes on", "s", times, limits, "the server takes connections again"
    )


def _round(server: Server, kill: Kill, share: float, options: Options) -> Round:
    """Run the steps and kill once that share of them is done; then start an orchestrator again."""
    steps = options.count(STEPS, least=3000)
    with at_work(server, DATABASE) as before:
        before.rest()
        flow_id, _ = before.start("pauses", {"steps": steps})
        _reach(before, int(share * steps))
        at = time.time()
        kill(server, before.orchestrator.pid)
        _wait_until_cut_off(before.session)
    _wait_until_back(server)
    back = time.time()
    with at_work(server, DATABASE) as after:
        well = _ends_well(after, flow_id, steps, options)
        first = after.one(
            "SELECT extract(epoch FROM min(at))::FLOAT8 FROM bench.done WHERE extract(epoch FROM at) > %s",
            back,
        )
        if first is None:
            raise RuntimeError("nothing was left to do after the kill")
    options.say(f"killed after {share:.0%} of the steps; went on after {first - at:.2f} s")
    return Round(back - at, first - at, well)


def _ends_well(after: Scene, flow_id: int, steps: int, options: Options) -> bool:
    try:
        after.wait(flow_id)
        after.expect_steps(flow_id, steps)
    except (RuntimeError, CommandError) as error:
        options.say(str(error))
        return False
    return True


def _reach(before: Scene, number: int) -> None:
    """Return once the callbacks have left that many rows."""
    while before.one("SELECT count(*) FROM bench.done") < number:
        before.orchestrator.check()
        time.sleep(0.005)


def _kill_orchestrator(_server: Server, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _kill_server(server: Server, _pid: int) -> None:
    server.kill9()
    server.start()


def _wait_until_cut_off(session: psycopg.Connection[object]) -> None:
    """Return once the server has ended the session, as it ends all when one of its processes is killed."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            session.execute("SELECT 1")
        except psycopg.OperationalError:
            return
        time.sleep(0.005)
    raise RuntimeError("the server has not noticed that its orchestrator was killed")


def _wait_until_back(server: Server) -> None:
    """Return once the server takes connections."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return
