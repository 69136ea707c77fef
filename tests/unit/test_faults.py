"""Faults are counted, and with them what they broke; one seed stands for all of a run's random instants."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
pytest_plugins = ["tests.support.summary"]

import pytest
from tests.server.faults.conftest import faults, rng

@pytest.fixture(autouse=True)
def major(request, record_property):
    record_property("major", request.node.name.rpartition("_")[2])
"""
TESTS = """
import threading
import pytest
from tests.support.promises import DoubledError, InconsistentError, LostError, StuckError

def test_of_9(faults, rng):
    print("drawn:", "of 9", rng.random())
    faults.hit("session terminated")
    faults.hit("session terminated", 2)
    faults.hit("callback raises", 5)
    faults.hit("target killed", 0)

def test_of_10(faults, rng):
    print("drawn:", "of 10", rng.random())
    faults.hit("target killed")

def test_without_any_10(faults):
    pass
"""
FAILING = """
def test_loses_10(faults):
    faults.hit("target killed")
    raise LostError("lost: 1, 2, 3", 3)

@pytest.fixture
def unclean():
    yield
    raise InconsistentError("two tasks in two places", 2)

def test_doubles_and_leaves_a_mess_9(faults, unclean):
    faults.hit("target killed")
    raise ExceptionGroup("two things", [DoubledError("done twice"), ValueError()])

def test_leaves_a_mess_9(unclean):
    pass

def test_hangs_9():
    raise StuckError("waited in vain")

@pytest.mark.timeout(0.1)
def test_hangs_for_ever_9():
    threading.Event().wait()

def test_is_just_wrong_9(faults):
    assert faults.counts

@pytest.mark.xfail(strict=True)
def test_is_expected_9():
    raise LostError("as expected")
"""
SEED = "PGFLOW_SEED"


def run(folder: Path, tests: str, *options: str, seed: str = "") -> list[str]:
    """Return what pytest says of ``tests``."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_made.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}", "-rP"]
    command += ["-c", "/dev/null", *options, str(folder)]
    environment = os.environ | {SEED: seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'tools'}"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    return done.stdout.splitlines()


def table(lines: list[str]) -> list[list[str]]:
    """Return the words of the lines about faults, without the one that ends all."""
    (start,) = (n for n, line in enumerate(lines) if re.match(r"=+ faults, ", line))
    return [line.split() for line in lines[start + 1 : -1]]


def drawn(lines: list[str]) -> dict[str, str]:
    """Return what each test has drawn."""
    found = [line.split()[1:] for line in lines if line.startswith("drawn: ")]
    return {" ".join(words[:-1]): words[-1] for words in found}


@pytest.mark.parametrize("processes", ["-n0", "-n2"])
def test_faults_are_counted_by_kind_and_major(tmp_path: Path, processes: str) -> None:
    lines = run(tmp_path, TESTS, processes, seed="4711")
    assert "3 passed" in lines[-1]
    assert any(re.match(rf"=+ faults, {SEED}=4711 =+", line) for line in lines)
    assert table(lines) == [
        ["9", "10", "all"],
        ["callback", "raises", "5", "0", "5"],
        ["session", "terminated", "3", "0", "3"],
        ["target", "killed", "0", "1", "1"],
        ["faults", "8", "1", "9"],
        ["but", "for", "what", "callbacks", "did", "3", "1", "4"],
        ["in", "tests", "1", "1", "2"],
        ["lost", "0", "0", "0"],
        ["doubled", "0", "0", "0"],
        ["stuck", "0", "0", "0"],
        ["inconsistent", "0", "0", "0"],
    ]


@pytest.mark.parametrize("processes", ["-n0", "-n2"])
def test_broken_promises_are_counted_once_each(tmp_path: Path, processes: str) -> None:
    lines = run(tmp_path, TESTS + FAILING, processes)
    assert "5 failed, 4 passed, 1 xfailed, 2 errors" in lines[-1]
    assert table(lines)[-5:] == [
        ["in", "tests", "2", "2", "4"],
        ["lost", "0", "3", "3"],
        ["doubled", "1", "0", "1"],
        ["stuck", "2", "0", "2"],
        ["inconsistent", "4", "0", "4"],
    ]


def test_where_there_are_none_nothing_is_said_of_them(tmp_path: Path) -> None:
    lines = run(tmp_path, "def test_of_9():\n    pass\n", "-n0")
    assert "1 passed" in lines[-1]
    assert not any("faults" in line for line in lines)


def test_one_seed_repeats_what_every_test_draws(tmp_path: Path) -> None:
    one = run(tmp_path, TESTS, "-n0")
    (seed,) = {found for line in one for found in re.findall(rf"{SEED}=([0-9]+)", line)}
    assert len(set(drawn(one).values())) == 2, "both tests have drawn the same"
    assert drawn(run(tmp_path, TESTS, "-n2", seed=seed)) == drawn(one)
    alone = drawn(run(tmp_path, TESTS, "-n0", "-k", "test_of_10", seed=seed))
    assert alone == {"of 10": drawn(one)["of 10"]}
    assert drawn(run(tmp_path, TESTS, "-n0")) != drawn(one)
