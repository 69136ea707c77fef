"""What was measured, beside what the machine can do and what must be reached."""

from dataclasses import dataclass
from typing import Literal

from rich.table import Table


@dataclass(frozen=True)
class Requirement:
    """What a result must reach at the least, and what it should."""

    least: float
    goal: float
    of: Literal["value", "ratio"] = "value"
    """What these two are numbers of."""


@dataclass(frozen=True)
class Result:
    """One measured number; times and rates are medians over the rounds."""

    row: str
    what: str
    value: float
    unit: str
    lower_is_better: bool
    limit: float | None
    """What the machine reaches in the same unit without pgflow, measured in the same rounds."""
    limit_is: str
    ratio: float | None
    """How much of the limit is reached, 1 being all: the median of the rounds, each with its own limit."""
    requirement: Requirement | None
    rounds: int

    @property
    def reached(self) -> bool | None:
        """Tell whether the least is reached; None where nothing is required."""
        return self._reaches(self.requirement.least) if self.requirement else None

    @property
    def verdict(self) -> str:
        """Say in a word how the result stands."""
        if self.requirement is None:
            return ""
        if self._reaches(self.requirement.goal):
            return "goal"
        return "reached" if self.reached else "MISSED"

    def _reaches(self, wanted: float) -> bool:
        assert self.requirement is not None
        if self.requirement.of == "ratio":
            return self.ratio is not None and self.ratio >= wanted
        return self.value <= wanted if self.lower_is_better else self.value >= wanted


def table(title: str, results: list[Result]) -> Table:
    """Return the results as a table to print."""
    made = Table(title=title, title_justify="left")
    made.add_column("what")
    made.add_column("measured", justify="right")
    made.add_column("physical limit", justify="right")
    made.add_column("of it", justify="right")
    made.add_column("at the least", justify="right")
    made.add_column("goal", justify="right")
    made.add_column("")
    for one in results:
        wanted = one.requirement
        style = {"MISSED": "red", "reached": "yellow", "goal": "green"}.get(one.verdict, "default")
        made.add_row(
            one.what,
            _number(one.value, one.unit),
            f"{_number(one.limit, one.unit)}\n[dim]{one.limit_is}[/]" if one.limit is not None else "",
            f"{one.ratio:.2f}" if one.ratio is not None else "",
            _wanted(one, wanted.least) if wanted else "",
            _wanted(one, wanted.goal) if wanted else "",
            f"[{style}]{one.verdict}[/]",
        )
    return made


def markdown(results: list[Result]) -> str:
    """Return the results as a table for docs/performance.md."""
    lines = ["| what | measured | physical limit | of it | at the least | goal |", "| --- " * 6 + "|"]
    for one in results:
        wanted = one.requirement
        cells = [
            one.what,
            _number(one.value, one.unit),
            f"{_number(one.limit, one.unit)}: {one.limit_is}" if one.limit is not None else "",
            f"{one.ratio:.2f}" if one.ratio is not None else "",
            _wanted(one, wanted.least) if wanted else "",
            _wanted(one, wanted.goal) if wanted else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _wanted(result: Result, number: float) -> str:
    assert result.requirement is not None
    if result.requirement.of == "ratio":
        return f"{number:g} of it"
    return _number(number, result.unit)


def _number(number: float, unit: str) -> str:
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{number:,.{digits}f} {unit}"
