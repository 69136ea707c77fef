"""The tests that docs/features.md names: which they are, and whether a full run has proved them."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/features.md"
FOLDER = "tests/server"
"""Where the named files are."""
MAY_BE_SKIPPED = "15-debian"
"""The major that not every machine has."""

_ROW = re.compile(r"^\| (?!---)(?P<feature>.*) \| (?P<tests>.*) \|$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py::test_\w+(?:\[[^`\]]+\])?)`")


def rows(page: str) -> list[tuple[str, list[str]]]:
    """Return each row of the tables, without their heads: what it says, the tests that it names."""
    found = [(row["feature"], row["tests"]) for row in _ROW.finditer(page)]
    return [(feature, _TEST.findall(tests)) for feature, tests in found if tests != "proved by"]


def named(page: str) -> list[str]:
    """Return the tests that the page names, each once, as ``file::function`` or ``file::function[case]``."""
    return list(dict.fromkeys(test for _, tests in rows(page) for test in tests))


def is_full_run(config: pytest.Config) -> bool:
    """Tell whether all tests were asked for."""
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    return not chosen and config.args_source is not pytest.Config.ArgsSource.ARGS


def unproved(page: str, reports: Iterable[tuple[str, pytest.TestReport]]) -> list[str]:
    """Return what is wrong with the tests that the page names, a line each.

    reports: with their outcomes (passed, failed, skipped, xfailed, …); of one test there may be several.
    """
    outcomes: dict[str, set[str]] = {}
    for outcome, report in reports:
        if outcome == "skipped" and MAY_BE_SKIPPED in report.nodeid:
            continue
        for name in _names(report.nodeid):
            outcomes.setdefault(name, set()).add(outcome)
    lines = []
    for test in named(page):
        seen = outcomes.get(test, set())
        if "skipped" in seen:
            lines.append(f"{test} was skipped")
        elif "passed" not in seen:
            lines.append(f"{test} did not pass")
    return lines


def _names(nodeid: str) -> list[str]:
    """Return the names that the page may have for a test: that of its function, and that of its case."""
    path, _, name = nodeid.removeprefix(f"{FOLDER}/").partition("::")
    function, _, case = name.rstrip("]").partition("[")
    parts = [part for part in case.split("-") if part]
    while parts and re.fullmatch(r"pg\d+|debian|pypi", parts[0]):
        del parts[0]
    own = "-".join(parts)
    return [f"{path}::{function}", *([f"{path}::{function}[{own}]"] if own else [])]
