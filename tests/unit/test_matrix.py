"""Which tests run on which majors, in which order, and what is said about it at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.matrix import MATRIX, chosen_majors, majors_for_long

ROOT = Path(__file__).resolve().parents[2]
ENDINGS = """
import pytest

@pytest.mark.parametrize("major", ["9", "10"])
def test_passes(record_property, major):
    record_property("major", major)

@pytest.mark.parametrize("major", ["9", "10"])
def test_is_skipped(record_property, major):
    record_property("major", major)
    pytest.skip("no such\\n   machine")

@pytest.mark.xfail(reason="later", strict=True)
def test_is_expected_to_fail(record_property):
    record_property("major", "10")
    assert False

def test_needs_no_server():
    pass

def test_fails(record_property):
    record_property("major", "10")
    assert False
"""


def run_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("majors", "expected"),
    [(MATRIX, ["11", "15", "18"]), (["12", "18"], ["18"]), (["12", "17"], ["12", "17"])],
)
def test_majors_for_long_tests(majors: list[str], expected: list[str]) -> None:
    assert majors_for_long(majors) == expected


def test_quick_tests_run_everywhere_and_long_ones_first_on_some_majors() -> None:
    done = run_pytest("--collect-only", "-q", "-n0", "--majors=all", "tests/server/test_random_graphs.py")
    names = [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    long = [
        "test_random_graphs_end_as_the_model_says",
        "test_part_of_a_graph_ends_as_the_model_says",
        "test_runs_at_the_same_time_do_not_touch_each_other",
        "test_a_canceled_run_ends_and_does_nothing_more",
    ]
    assert names == [
        *(f"{name}[pg{major}]" for major in ("11", "15", "18") for name in long),
        *(f"test_a_few_random_graphs[pg{major}]" for major in MATRIX),
    ]


@pytest.mark.parametrize("named", ["9", "11,9", ",", ""])
def test_an_unknown_major_is_refused(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setattr(request.config.option, "majors", named)
    with pytest.raises(pytest.UsageError, match="choose from 11, 12"):
        chosen_majors(request.config)


def test_a_tests_major_is_noted_for_the_summary(request: pytest.FixtureRequest, major: str) -> None:
    assert ("major", major) in request.node.user_properties


def test_the_last_lines_count_by_major_and_give_reasons(tmp_path: Path) -> None:
    (tmp_path / "test_endings.py").write_text(ENDINGS)
    options = ["-p", "tests.support.summary", f"--rootdir={tmp_path}", "-c", "/dev/null", "-n1"]
    *before, last = run_pytest(*options, str(tmp_path)).stdout.splitlines()
    assert "1 failed, 3 passed, 2 skipped, 1 xfailed" in last
    assert [line.split() for line in before[-9:]] == [
        ["passed", "failed", "skipped", "xfailed"],
        ["9", "1", "0", "1", "0"],
        ["10", "1", "1", "1", "1"],
        ["no", "server", "1", "0", "0", "0"],
        ["all", "3", "1", "2", "1"],
        ["skipped:"],
        ["2", "no", "such", "machine"],
        ["expected", "to", "fail:"],
        ["1", "later"],
    ]
