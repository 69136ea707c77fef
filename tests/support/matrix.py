"""On which majors of PostgreSQL each test runs, and in which order.

A test that asks for the fixture ``major`` runs on each major that the option --majors names. One that bears
the mark ``long`` runs on those of them only between which the others lie, and before all that is quick: what
is begun last should be short when several processes share the tests.
"""

from collections.abc import Sequence

import pytest
from pgflow_build.binaries import MAJORS
from pgflow_build.debian import MAJOR as DEBIAN

MATRIX = tuple(name for major in MAJORS for name in ((major, DEBIAN) if major == "15" else (major,)))
"""What the whole suite runs on."""
FOR_LONG = ("11", "15", "18")
"""What its long tests run on."""
ALSO = ("18-pypi",)
"""What can be named besides."""


def chosen_majors(config: pytest.Config) -> list[str]:
    """Return the majors that the option --majors names; refuse unknown ones."""
    named = str(config.getoption("--majors"))
    if named == "all":
        return list(MATRIX)
    majors = [part.strip() for part in named.split(",") if part.strip()]
    unknown = [major for major in majors if major not in MATRIX + ALSO]
    if unknown or not majors:
        known = ", ".join(MATRIX + ALSO)
        raise pytest.UsageError(f"no PostgreSQL {', '.join(unknown) or 'named'}: choose from {known}")
    return majors


def majors_for_long(majors: Sequence[str]) -> list[str]:
    """Return those of ``majors`` on which long tests run: all, where none of the usual ones is among them."""
    return [major for major in majors if major in FOR_LONG] or list(majors)


def major_of(item: pytest.Item) -> str | None:
    """Return the major on which a test runs; None if it asks for no server."""
    callspec = getattr(item, "callspec", None)
    return str(callspec.params["major"]) if callspec and "major" in callspec.params else None


def is_long(item: pytest.Item) -> bool:
    """Tell whether the test bears the mark ``long``."""
    return item.get_closest_marker("long") is not None


def arrange(items: list[pytest.Item], majors: Sequence[str]) -> list[pytest.Item]:
    """Return the tests that are to run: long ones first, then major by major, else in the order given."""
    on_majors = [None, *majors_for_long(majors)]
    long = [item for item in items if is_long(item) and major_of(item) in on_majors]
    quick = [item for item in items if not is_long(item)]
    order = [None, *majors]
    long.sort(key=lambda item: order.index(major_of(item)))
    quick.sort(key=lambda item: order.index(major_of(item)))
    return long + quick
