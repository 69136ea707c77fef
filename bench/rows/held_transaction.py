"""Speed while a callback holds a transaction open for minutes."""

import contextlib
import time
from collections.abc import Iterator

from bench.options import Options
from bench.results import Requirement, Result, rate
from bench.scene import Scene, another, node

MINUTES = 4.0
"""How long the transaction is open."""
LOCK = 4711
"""The advisory lock that the callback waits for, which ends its statement and with it the transaction."""

Pair = tuple[float, float, float]
"""When the pair was over, in seconds since the transaction began; steps a second with it, and without."""


def held_transaction(scene: Scene, options: Options) -> list[Result]:
    """One-row steps a second while another flow's callback holds a transaction open, and by turns without."""
    lasting = options.seconds(60 * MINUTES, least=3)
    with another(scene, "held", options) as held, another(scene, "not_held", options) as free:
        held.configure("hold", [node("hold", routine="bench.hold")])
        with _open_transaction(held):
            pairs = _by_turns(held, free, lasting, options)
    minute = lasting / MINUTES
    late = [pair for pair in pairs if pair[0] > pairs[-1][0] - minute]
    early = [pair for pair in pairs if pair[0] <= pairs[0][0] + minute]
    what = f"one-row steps while a transaction is held open, after {(lasting - minute) / 60:.2g} min of it"
    return [
        _result(what, late, Requirement(0.8, 1.0, "ratio")),
        _result(f"the same in its first {minute / 60:.2g} min", early, None),
    ]


def _by_turns(held: Scene, free: Scene, lasting: float, options: Options) -> list[Pair]:
    """Measure with and without for that many seconds, and in as many pairs as rounds at the least."""
    began = time.monotonic()
    pairs: list[Pair] = []
    while time.monotonic() < began + lasting or len(pairs) < options.rounds:
        speeds = held.speed(options.steps), free.speed(options.steps)
        pairs.append((time.monotonic() - began, *speeds))
        options.say(
            f"{pairs[-1][0]:.0f} of {lasting:.0f} s: {speeds[0] / speeds[1]:.2f} of the speed without"
        )
    return pairs


@contextlib.contextmanager
def _open_transaction(held: Scene) -> Iterator[None]:
    """Have a callback in a statement, with a transaction id and a snapshot, while the context lasts."""
    with held.server.connect(held.database) as keeper:
        keeper.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        flow_id, _ = held.start("hold", {"lock": LOCK})
        first = _horizon(held)
        yield
        if _horizon(held) != first:
            raise RuntimeError("the transaction was not held open all the time")
    held.wait(flow_id)


def _horizon(held: Scene) -> tuple[str, str]:
    """Return transaction id and snapshot of the callback that waits for the lock, once it does."""
    query = """
        SELECT a.backend_xid::TEXT, a.backend_xmin::TEXT
        FROM pg_stat_activity a JOIN pg_locks l USING (pid)
        WHERE a.datname = current_database() AND l.locktype = 'advisory' AND l.objid = %s AND NOT l.granted"""
    deadline = time.monotonic() + 30
    while True:
        found = held.session.execute(query, [LOCK]).fetchone()
        if found is not None and None not in found:
            return found[0], found[1]
        if time.monotonic() > deadline:
            raise RuntimeError("no callback holds a transaction with an id and a snapshot open")
        time.sleep(0.05)


def _result(what: str, pairs: list[Pair], wanted: Requirement | None) -> Result:
    _, held, free = zip(*pairs, strict=True)
    return rate("held", what, "steps/s", held, free, "the same without", wanted)
