"""The last words of a test run: how its tests ended on each major, why some were skipped or failed as
expected, which faults were tried and what they broke. A plugin of pytest."""

from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from tests.support import faults, features

ALWAYS = ("passed", "failed", "skipped", "xfailed")
"""Outcomes that are shown even where there were none."""
OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
NO_MAJOR = "no server"


def pytest_configure(config: pytest.Config) -> None:
    """Settle the seed before anything is drawn."""
    faults.draw_seed(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give the seed to each process of the run."""
    faults.hand_on_seed(node.config, node.workerinput)


def pytest_report_header(config: pytest.Config) -> str:
    """Say which seed repeats the run's random instants."""
    return _seed(config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have the report tell which promises a failed check has shown to be broken."""
    if call.excinfo is not None:
        faults.note_broken(item, call.when, call.excinfo.value)
    return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a full run that has not proved all that docs/features.md says it does."""
    if session.exitstatus == pytest.ExitCode.OK and unproved(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
    write_reasons(terminalreporter)
    write_faults(terminalreporter)
    lines = unproved(terminalreporter.config)
    if lines:
        terminalreporter.section("not proved, though docs/features.md says so")
    for line in lines:
        terminalreporter.write_line(line)


def unproved(config: pytest.Config) -> list[str]:
    """Return what a full run has not proved of docs/features.md; nothing in a process of one."""
    terminalreporter = config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(config, "workerinput") or terminalreporter is None or not features.is_full_run(config):
        return []
    reports = [
        (outcome, report)
        for outcome, found in terminalreporter.stats.items()
        for report in found
        if isinstance(report, pytest.TestReport)
    ]
    return features.unproved(features.PAGE.read_text(), reports)


def write_reasons(terminalreporter: pytest.TerminalReporter) -> None:
    """Write why tests were skipped or expected to fail."""
    for title, outcome in (("skipped", "skipped"), ("expected to fail", "xfailed")):
        reasons = Counter(reason(report) for report in terminalreporter.stats.get(outcome, []))
        if reasons:
            terminalreporter.write_line(f"{title}:")
        for text, number in reasons.most_common():
            terminalreporter.write_line(f"{number:7} {text}")


def write_faults(terminalreporter: pytest.TerminalReporter) -> None:
    """Write which faults the tests have tried, if any, and what has been broken."""
    reports = [
        (major_of(report), report)
        for found in terminalreporter.stats.values()
        for report in found
        if isinstance(report, pytest.TestReport)
    ]
    majors = sorted({major for major, _ in reports}, key=_by_number)
    lines = faults.table(reports, majors)
    if lines:
        terminalreporter.section(f"faults, {_seed(terminalreporter.config)}")
    for line in lines:
        terminalreporter.write_line(line)


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


def _seed(config: pytest.Config) -> str:
    return f"PGFLOW_SEED={config.stash[faults.SEED]}"


def _by_number(major: str) -> tuple[float, str]:
    number = major.partition("-")[0]
    return (float(number) if number.isdigit() else float("inf"), major)


def _line(first: str, rest: list[str] | list[int]) -> str:
    return f"{first:<10}" + "".join(f"{cell:>9}" for cell in rest)
