"""What docs/contributing.md tells a newcomer to do, done word for word."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg.rows import dict_row

from tests.model import work
from tests.support.database import Database
from tests.support.orchestrator import Orchestrator
from tests.support.wait import until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/contributing.md").read_text()
BLOCK = re.compile(r"(?:<!-- (?P<note>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)```", re.DOTALL)


def blocks() -> Iterator[tuple[str, str, str]]:
    """Return note, language and text of each fenced block of the page."""
    for found in BLOCK.finditer(PAGE):
        yield found["note"] or "", found["language"], found["text"]


def copy_tree(to: Path) -> None:
    """Copy the work tree as it is, without what git ignores, into a repository of its own."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"]
    for name in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)
    git = ["git", "-C", str(to), "-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "tree"], check=True)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_block_runs_in_order(tmp_path: Path) -> None:
    """Commands, changes and files, in a fresh copy: nothing fails, and the change is there at the end."""
    tree = tmp_path / "pgflow"
    copy_tree(tree)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    for note, language, text in blocks():
        if language == "shell":
            command, given = ["bash", "-e"], text
        elif note == "change":
            command, given = ["git", "apply", "-"], text
        elif note.startswith("file: "):
            (tree / note.removeprefix("file: ")).write_text(text)
            continue
        else:
            continue
        done = subprocess.run(
            command, input=given, cwd=tree, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert "A run is known where it was started" in (tree / "build/pgflow--1.0.sql").read_text()


def test_a_stuck_run_shows_why(db: Database, orchestrator: Orchestrator) -> None:
    """The queries for a stuck run name the node, the session that runs it, and the session that blocks it."""
    work.prepare(db)
    db.execute("CREATE TABLE locked()")
    work.procedure(db, "stuck", "LOCK TABLE locked;")
    work.configure(db, "f", {"nodes": [{"node": "a", "target": "self", "routine": "work.stuck"}]})
    queries = [query for note, _, text in blocks() if note == "stuck" for query in text.split(";\n")]
    with db.connect() as blocker, db.connect(row_factory=dict_row) as reader:
        with blocker.transaction():
            blocker.execute("LOCK TABLE locked")
            work.run(db, "f")
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'locked'::REGCLASS"
            until(lambda: db.value(waits) == 1, what="the callback to wait")
            found: list[dict[str, Any]] = [
                row for query in queries if query.strip() for row in reader.execute(query.encode()).fetchall()
            ]
            (worker,) = [row for row in found if "blocked_by" in row]
            assert worker["blocked_by"] == [blocker.info.backend_pid]
            assert worker["wait_event_type"] == "Lock"
        assert any(row.get("node") == "a" and row["status"] == "Running" for row in found)
        assert any(row.get("flow") == "f" for row in found)
        assert any(row.get("running") is True and row["paused"] is False for row in found)
