"""The last words of a test run: how its tests ended on each major, and why some were skipped or failed as
expected. A plugin of pytest."""

from collections import Counter
from collections.abc import Generator

import pytest

ALWAYS = ("passed", "failed", "skipped", "xfailed")
"""Outcomes that are shown even where there were none."""
OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
NO_MAJOR = "no server"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Write the table and the reasons after all else but pytest's own last line."""
    yield
    counts = count(terminalreporter)
    if not counts:
        return
    terminalreporter.section("PostgreSQL")
    for line in table(counts):
        terminalreporter.write_line(line)
    for title, outcome in (("skipped", "skipped"), ("expected to fail", "xfailed")):
        reasons = Counter(reason(report) for report in terminalreporter.stats.get(outcome, []))
        if reasons:
            terminalreporter.write_line(f"{title}:")
        for text, number in reasons.most_common():
            terminalreporter.write_line(f"{number:7} {text}")


def count(terminalreporter: pytest.TerminalReporter) -> Counter[tuple[str, str]]:
    """Return how many tests there were of each major and outcome."""
    return Counter(
        (major_of(report), outcome)
        for outcome in OUTCOMES
        for report in terminalreporter.stats.get(outcome, [])
    )


def table(counts: Counter[tuple[str, str]]) -> list[str]:
    """Return the lines of the table: a major each, and all together."""
    shown = [outcome for outcome in OUTCOMES if outcome in ALWAYS or any(key[1] == outcome for key in counts)]
    majors = sorted({major for major, _ in counts}, key=_by_number)
    lines = [_line("", shown)]
    for major in majors:
        lines.append(_line(major, [counts[major, outcome] for outcome in shown]))
    return [*lines, _line("all", [sum(counts[major, outcome] for major in majors) for outcome in shown])]


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why the test was skipped or expected to fail, on one line."""
    text = getattr(report, "wasxfail", "")
    if not text and isinstance(report.longrepr, tuple | list):
        text = str(report.longrepr[-1])
    return " ".join(text.removeprefix("Skipped: ").removeprefix("reason: ").split()) or "no reason given"


def major_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the major on which the test ran, which is a property of it."""
    return str(dict(getattr(report, "user_properties", [])).get("major", NO_MAJOR))


def _by_number(major: str) -> tuple[float, str]:
    number = major.partition("-")[0]
    return (float(number) if number.isdigit() else float("inf"), major)


def _line(first: str, rest: list[str] | list[int]) -> str:
    return f"{first:<10}" + "".join(f"{cell:>9}" for cell in rest)
