"""The flows that `make demo` shows, in a small version, and what it answers when one of them fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pgflow_cli import CommandError
from pgflow_cli.demo import EXAMPLES, report, run_flows
from pgflow_cli.progress import RunProgress

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
STEPS = 200


class Seen:
    """A display that remembers what it was shown."""

    def __init__(self) -> None:
        self.progress: list[RunProgress] = []

    def show(self, progress: RunProgress) -> None:
        self.progress.append(progress)

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The examples, but one table cannot be measured."""
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder)
    script = folder / "maintenance.sql"
    text = script.read_text()
    ill = "IF name = 'demo.done' THEN RAISE EXCEPTION 'cannot measure %', name; END IF;"
    script.write_text(text.replace("  EXECUTE 'ANALYZE '", f"  {ill}\n  EXECUTE 'ANALYZE '"))
    assert script.read_text() != text
    return folder


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A temporary folder that the server's user can enter too, its path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="pgflow-demo-", dir="/tmp"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_flows_of_the_demo(db: Any, orchestrator: Any) -> None:
    seen = Seen()
    with db.connect() as session:
        outcomes = run_flows(session, EXAMPLES, STEPS, seen)
        written = report(session)
    assert [(o.flow, o.state, o.nodes) for o in outcomes] == [
        ("mimic_iv", "FINISHED", 66),
        ("maintenance", "FINISHED", 2),
        ("steps", "FINISHED", 1),
    ]
    assert outcomes[1].steps > 66
    assert outcomes[2].steps == STEPS
    assert written.startswith(f"{outcomes[1].steps} tables, ")
    assert "demo_mimic.measurement: 153600 rows" in written
    assert db.value("SELECT count(*) FROM demo_mimic.sepsis3") > 0
    ends = [p for p in seen.progress if p.has_ended]
    assert [(p.flow, p.nodes_ended, p.steps_ended) for p in ends] == [
        (o.flow, o.nodes, o.steps) for o in outcomes
    ]


def test_a_failed_flow_is_told(db: Any, orchestrator: Any, broken: Path) -> None:
    with db.connect() as session:
        outcomes = run_flows(session, broken, STEPS, Seen())
    assert [o.state for o in outcomes] == ["FINISHED", "FAILED", "FINISHED"]
    assert "cannot measure demo.done" in (outcomes[1].error or "")


def test_work_that_was_not_done_is_told(db: Any, orchestrator: Any, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder)
    script = folder / "steps.sql"
    script.write_text(script.read_text().replace("INSERT INTO demo.done", "INSERT INTO demo.other"))
    script.write_text(script.read_text() + "CREATE TABLE demo.other(flow_id BIGINT, n INT, at TIMESTAMPTZ);")
    with db.connect() as session, pytest.raises(CommandError, match=f"rows of steps 0, not {STEPS}"):
        run_flows(session, folder, STEPS, Seen())


def demo(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, not on a terminal."""
    command = [sys.executable, "-m", "pgflow_cli", "demo", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools"), **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)


def test_command_runs_twice_and_leaves_nothing(scratch: Path) -> None:
    for _ in range(2):
        done = demo("--steps", str(STEPS), "--json", TMPDIR=str(scratch))
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert [one["state"] for one in found["flows"]] == ["FINISHED"] * 3
        assert f"steps: FINISHED, 1 of 1 nodes, {STEPS} of {STEPS} steps" in done.stderr
        port = re.search(r"on port (\d+)", done.stderr)
        assert port
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port[1]))) != 0
        assert list(scratch.iterdir()) == []


def test_command_fails_when_a_run_fails(broken: Path) -> None:
    """Through make, as the README has it."""
    make = ["make", "-C", str(ROOT), "demo"]
    environment = {**os.environ, "PGFLOW_EXAMPLES": str(broken), "PGFLOW_STEPS": str(STEPS)}
    done = subprocess.run(make, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode != 0
    assert "flow maintenance ended as FAILED: cannot measure demo.done" in done.stderr
    assert "FAILED" in done.stdout


def test_command_says_what_is_missing(tmp_path: Path) -> None:
    done = demo("--examples", str(tmp_path))
    assert done.returncode == 1
    assert "mimic_iv.sql is missing" in done.stderr
    assert "Traceback" not in done.stderr
