from pathlib import Path

import pytest

from tests.unit.lint.sources import found, plpgsql

PAGE = "| SQLSTATE | meaning |\n| --- | --- |\n| PF001 | unknown flow |\n"
RAISE = plpgsql("  RAISE EXCEPTION 'unknown flow' USING ERRCODE = 'PF001';")
PLANTED = {"docs/errors.md": PAGE, "pgasync/every/f.sql": RAISE.replace("PF001", "PF002")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/errors.md").write_text(PAGE)
    return tmp_path


def test_catches_a_code_that_is_not_listed(root: Path) -> None:
    text = RAISE + RAISE.replace("PF001", "PF002").replace("async.f", "async.g")
    assert found("error_codes", text, root) == ["f.sql:10 PF002 is not listed in docs/errors.md"]


def test_catches_a_code_that_is_raised_nowhere(root: Path) -> None:
    assert found("error_codes", plpgsql("  NULL; -- Errors: PF001"), root) == [
        "errors.md:3 PF001 is raised nowhere"
    ]


def test_leaves_codes_that_are_listed_and_raised_alone(root: Path) -> None:
    assert found("error_codes", RAISE, root) == []
