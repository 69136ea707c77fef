"""What a test does to the system: how many faults of which kinds, and the seed that draws their instants.

A kind says what happened to whom: ``session terminated``, ``target killed``, ``connection reset``, … What
callbacks do by themselves begins with ``callback``, so that the sum of all else can be told.
"""

import os
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from tests.support.promises import KINDS, StuckError, broken_by

FAULTS = "faults"
"""The property of a test that holds its faults: kind → number."""
BROKEN = {when: f"broken promises ({when})" for when in ("setup", "call", "teardown")}
"""The properties of a test that hold what each part of it has found broken: kind → number of units."""
OF_CALLBACKS = "callback"
"""What the kinds of faults begin with that callbacks are themselves to blame for."""

SEED = pytest.StashKey[int]()
_SEED_INPUT = "pgflow_seed"


class Faults:
    """Counts what one test has done to the system: those faults only that really happened."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def hit(self, kind: str, number: int = 1) -> None:
        """Note that ``number`` faults of the kind have happened."""
        if number:
            self.counts[kind] = self.counts.get(kind, 0) + number


def record(item: pytest.Item) -> Faults:
    """Return the record of a test's faults, which is among its properties from now on."""
    faults = Faults()
    item.user_properties.append((FAULTS, faults.counts))
    return faults


def note_broken(item: pytest.Item, when: str, error: BaseException) -> None:
    """Have the test's properties say which promises ``error``, of that part of it, has shown to be broken."""
    counts: Counter[str] = Counter()
    for broken in broken_by(error):
        counts[broken.kind] += broken.number
    if isinstance(error, pytest.fail.Exception) and "from pytest-timeout" in str(error):
        counts[StuckError.kind] += 1
    if counts:
        item.user_properties.append((BROKEN[when], dict(counts)))


def draw_seed(config: pytest.Config) -> None:
    """Settle the seed of the whole run: that of PGFLOW_SEED, or a new one; all processes have the same."""
    given = getattr(config, "workerinput", {}).get(_SEED_INPUT) or os.environ.get("PGFLOW_SEED")
    config.stash[SEED] = int(given or random.SystemRandom().randrange(1, 2**32))


def hand_on_seed(config: pytest.Config, workerinput: dict[str, Any]) -> None:
    """Let another process of the run have the same seed."""
    workerinput[_SEED_INPUT] = config.stash[SEED]


def random_of(item: pytest.Item) -> random.Random:
    """Return the random numbers of one test, which follow from the run's seed and the test's name."""
    return random.Random(f"{item.config.stash[SEED]} {item.nodeid}")


def table(reports: Iterable[tuple[str, pytest.TestReport]], majors: Sequence[str]) -> list[str]:
    """Return the lines that count the faults in ``reports``, each of them given with its major.

    There are none where no fault has happened and nothing was broken.
    """
    faults: Counter[tuple[str, str]] = Counter()
    tests: Counter[str] = Counter()
    broken: Counter[tuple[str, str]] = Counter()
    for major, report in reports:
        if report.when == "call":
            done = _property(report, FAULTS)
            faults.update({(kind, major): number for kind, number in done.items()})
            tests[major] += bool(done)
        if report.failed and report.when:
            found = _property(report, BROKEN[report.when])
            broken.update({(kind, major): number for kind, number in found.items()})
    if not faults and not broken:
        return []
    shown = [major for major in majors if tests[major] or any(key[1] == major for key in broken)]
    kinds = sorted({kind for kind, _ in faults})
    others = [kind for kind in kinds if not kind.startswith(OF_CALLBACKS)]
    return [
        _line("", [*shown, "all"]),
        *(_sum_up(f"  {kind}", faults, [kind], shown) for kind in kinds),
        _sum_up("faults", faults, kinds, shown),
        _sum_up("  but for what callbacks did", faults, others, shown),
        _line("in tests", _and_all([tests[major] for major in shown])),
        *(_sum_up(kind, broken, [kind], shown) for kind in KINDS),
    ]


def _property(report: pytest.TestReport, name: str) -> dict[str, int]:
    """Return the property of that name, an empty one if there is none."""
    found: dict[str, Any] = dict(report.user_properties)
    return dict(found.get(name, {}))


def _sum_up(title: str, counts: Counter[tuple[str, str]], kinds: Sequence[str], majors: Sequence[str]) -> str:
    return _line(title, _and_all([sum(counts[kind, major] for kind in kinds) for major in majors]))


def _and_all(numbers: list[int]) -> list[int]:
    return [*numbers, sum(numbers)]


def _line(title: str, cells: Sequence[str | int]) -> str:
    return f"{title:<40}" + "".join(f"{cell:>10}" for cell in cells)
