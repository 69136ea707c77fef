"""What was measured, beside what the machine can do, what must be reached and what is aimed at."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

from rich.table import Table

TOLERANCE = 0.10
"""A number that must be reached is reached within this share of itself."""

YES_OR_NO = "yes/no"
"""The unit of a result that is 1 for yes and 0 for no."""

_STYLES = {
    "aim": "green",
    "reached": "yellow",
    "within 10 %": "yellow",
    "short of aim": "yellow",
    "MISSED": "red",
}
_TITLES = ("what", "measured", "physical limit", "measured / limit", "must reach", "aim")


@dataclass(frozen=True)
class Requirement:
    """What a result must reach, and what is aimed at; None where there is no such number."""

    least: float | None
    goal: float | None
    of: Literal["value", "ratio"] = "value"
    """What these two are numbers of."""


@dataclass(frozen=True)
class Result:
    """One measured number."""

    row: str
    what: str
    unit: str
    lower_is_better: bool
    samples: tuple[float, ...]
    """One a round."""
    limits: tuple[float, ...] = ()
    """What the machine reaches by itself, one a round or one for all; empty: not measured."""
    limit_is: str = ""
    requirement: Requirement | None = None

    @property
    def value(self) -> float:
        """The median of the rounds."""
        return median(self.samples)

    @property
    def limit(self) -> float | None:
        """The median of the limits."""
        return median(self.limits) if self.limits else None

    @property
    def ratio(self) -> float | None:
        """Measured over limit: the median of the rounds, each with its own limit."""
        if not self.limits or 0 in self.limits:
            return None
        limits = (
            self.limits
            if len(self.limits) == len(self.samples)
            else [median(self.limits)] * len(self.samples)
        )
        return median(sample / limit for sample, limit in zip(self.samples, limits, strict=True))

    @property
    def reached(self) -> bool | None:
        """Tell whether what must be reached is, within TOLERANCE; None where nothing must."""
        if self.requirement is None or self.requirement.least is None:
            return None
        return self._reaches(self.requirement.least, TOLERANCE)

    @property
    def verdict(self) -> str:
        """Say how it stands: aim, reached, within 10 %, MISSED; short of aim where there is but an aim."""
        wanted = self.requirement
        if wanted is None:
            return ""
        if wanted.goal is not None and self._reaches(wanted.goal):
            return "aim"
        if wanted.least is None:
            return "short of aim"
        if self._reaches(wanted.least):
            return "reached"
        return "within 10 %" if self.reached else "MISSED"

    def as_dict(self) -> dict[str, Any]:
        """Return everything, the medians included, for JSON."""
        medians = {name: getattr(self, name) for name in ("value", "limit", "ratio", "verdict")}
        return asdict(self) | medians

    def cells(self) -> list[str]:
        """Return what a table says of the result, a text for each of its columns but the verdict."""
        limit = f"{_number(self.limit, self.unit)}: {self.limit_is}" if self.limit is not None else ""
        ratio = _plain(self.ratio) if self.ratio is not None else ""
        wanted = self.requirement or Requirement(None, None)
        return [
            self.what,
            _number(self.value, self.unit),
            limit,
            ratio,
            self._wanted(wanted.least),
            self._wanted(wanted.goal),
        ]

    def _reaches(self, wanted: float, tolerance: float = 0.0) -> bool:
        assert self.requirement is not None
        found = self.ratio if self.requirement.of == "ratio" else self.value
        if found is None:
            return False
        if self.lower_is_better:
            return found <= wanted * (1 + tolerance)
        return found >= wanted * (1 - tolerance)

    def _wanted(self, number: float | None) -> str:
        if number is None or self.requirement is None:
            return ""
        if self.unit == YES_OR_NO:
            return _number(number, self.unit)
        sign = "≤" if self.lower_is_better else "≥"
        if self.requirement.of == "ratio":
            return f"{sign} {number:g} of the limit"
        return f"{sign} {number:,g} {self.unit}"


def rate(
    row: str,
    what: str,
    unit: str,
    samples: Iterable[float],
    limits: Iterable[float] = (),
    limit_is: str = "",
    requirement: Requirement | None = None,
) -> Result:
    """Return a result of which more is better."""
    return Result(row, what, unit, False, tuple(samples), tuple(limits), limit_is, requirement)


def cost(
    row: str,
    what: str,
    unit: str,
    samples: Iterable[float],
    limits: Iterable[float] = (),
    limit_is: str = "",
    requirement: Requirement | None = None,
) -> Result:
    """Return a result of which less is better."""
    return Result(row, what, unit, True, tuple(samples), tuple(limits), limit_is, requirement)


def answer(row: str, what: str, rounds: Sequence[bool], requirement: Requirement) -> Result:
    """Return a result that is yes if every round was."""
    return Result(row, what, YES_OR_NO, False, (float(all(rounds)),), requirement=requirement)


def table(title: str, results: list[Result]) -> Table:
    """Return the results as a table to print."""
    made = Table(title=title, title_justify="left")
    for name in _TITLES:
        made.add_column(name, justify="left" if name in ("what", "physical limit") else "right")
    made.add_column("")
    for one in results:
        made.add_row(*one.cells(), f"[{_STYLES.get(one.verdict, 'default')}]{one.verdict}[/]")
    return made


def markdown(results: list[Result]) -> str:
    """Return the results as a table for docs/performance.md."""
    lines = [f"| {' | '.join(_TITLES)} |", "| --- " * len(_TITLES) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(one.cells())} |" for one in results)])


def _number(number: float, unit: str) -> str:
    if unit == YES_OR_NO:
        return "yes" if number else "no"
    return f"{_plain(number)} {unit}"


def _plain(number: float) -> str:
    """Write a number with about three digits that count."""
    size = abs(number)
    if size == 0:
        return "0"
    return f"{number:,.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3}f}"
