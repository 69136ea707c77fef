"""Allow-lists, and what is said of routines that no check has seen; the check itself is in tests/server."""

from pathlib import Path

import pytest
from pgflow_build import pgspot, plpgsql_check
from pgflow_build.allowed import Allowed, read_allowed, without_allowed
from pgflow_build.finding import Finding
from pgflow_build.servers import REPOSITORY

FOUND = Finding("sql/pgasync/every/f.sql", 3, "some-check", "async.f(): variable x is never read")


def test_finding_reads_as_editors_expect() -> None:
    assert str(FOUND) == "sql/pgasync/every/f.sql:3: some-check: async.f(): variable x is never read"


def test_only_what_is_allowed_is_left_out() -> None:
    other = Finding("sql/pgasync/every/g.sql", 3, "some-check", "async.g(): variable x is never read")
    allowed = [Allowed("sql/pgasync/every/f.sql", "x is never read", "the parser looks at it")]
    assert without_allowed([FOUND, other], allowed, "some-check", "allowed.toml") == [other]


def test_entry_that_nothing_matches_is_a_finding() -> None:
    stale = Allowed("sql/pgasync/every/f.sql", "y is never read", "was so once")
    left = without_allowed([FOUND], [stale], "some-check", "allowed.toml")
    assert left[0] == FOUND
    assert left[1].path == "allowed.toml"
    assert "'y is never read' in sql/pgasync/every/f.sql; remove the entry" in left[1].message


@pytest.mark.parametrize("reason", ["", "  "])
def test_entry_needs_a_reason(tmp_path: Path, reason: str) -> None:
    file = tmp_path / "allowed.toml"
    file.write_text(f'[[allow]]\npath = "a.sql"\nmessage = "m"\nreason = "{reason}"\n')
    with pytest.raises(ValueError, match="entry 1 must have path, message and reason"):
        read_allowed(file)


@pytest.mark.parametrize("list_", [plpgsql_check.ALLOWED, pgspot.ALLOWED])
def test_lists_name_files_that_exist(list_: str) -> None:
    entries = read_allowed(REPOSITORY / list_)
    assert [entry.path for entry in entries if not (REPOSITORY / entry.path).is_file()] == []
