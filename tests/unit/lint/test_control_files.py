from pathlib import Path

import pytest

from tests.unit.lint.sources import found

GOOD = "comment = 'one'\ndefault_version = '1.0'\nrelocatable = false\nrequires = 'dblink'\n"
PLANTED = {"pgasync.control": GOOD + "schema = 'async'\n"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{GOOD}schema = 'async'\n", "pgasync.control:5 no schema: allowed are"),
        (f"{GOOD}trusted = true\n", "pgasync.control:5 no trusted: allowed are"),
        (GOOD.replace("false", "true"), "pgasync.control:1 relocatable = false"),
        (GOOD.replace("relocatable = false\n", ""), "pgasync.control:1 relocatable = false"),
        (GOOD.replace("comment", "# comment"), "pgasync.control:1 comment is missing"),
    ],
)
def test_catches_keys_that_do_not_belong_there(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "pgasync.control").write_text(text)
    problems = found("control_files", {}, tmp_path)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_leaves_the_usual_file_alone(tmp_path: Path) -> None:
    (tmp_path / "pgasync.control").write_text("# ours\n" + GOOD + "superuser = false\n")
    assert found("control_files", {}, tmp_path) == []
